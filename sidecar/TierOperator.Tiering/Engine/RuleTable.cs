using System.Collections.Concurrent;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <summary>A rule with its times as milliseconds, as the hot path wants them. Immutable.</summary>
internal sealed class ActiveRule(int id, CompiledRule rule, TierSet shared, bool isJournalled, TimeSpan? strategyTtl)
{
    private const TierSet Remote = TierSet.Redis | TierSet.Postgres;

    public int Id { get; } = id;
    public CompiledRule Rule { get; } = rule;
    public bool UsesMemory { get; } = rule.Tiers.HasFlag(TierSet.Memory) && rule.Write != WriteMode.Around;

    /// <summary>The tiers outside this process that hold its sessions.</summary>
    public TierSet SharedTiers { get; } = rule.Write == WriteMode.MemoryOnly ? TierSet.None : rule.Tiers & shared & Remote;
    public bool IsShared { get; } = rule.Write != WriteMode.MemoryOnly && (rule.Tiers & shared & Remote) != 0;

    /// <summary>By the rule's own tiers, or as the journal of what is on its way to a shared one.</summary>
    public bool UsesDisk { get; } = rule.Write != WriteMode.MemoryOnly
        && (rule.Tiers.HasFlag(TierSet.Spillover) || (isJournalled && (rule.Tiers & shared & Remote) != 0));

    /// <summary>Lower tiers hear of a change at once, whether or not the answer waits for them.</summary>
    public bool IsImmediate { get; } = rule.Write is WriteMode.Through or WriteMode.Around;

    /// <summary>Which shared tiers must hold a write before it is answered.</summary>
    public TierSet AwaitedTiers { get; } = rule.Tiers & shared & rule.Ack switch
    {
        AckLevel.Redis => TierSet.Redis,
        AckLevel.Postgres => TierSet.Postgres,
        AckLevel.All => Remote,
        _ => TierSet.None,
    };
    public long MemoryTtlMs { get; } = Milliseconds(rule.MemoryTtl, rule.Deadline);
    public long SpilloverTtlMs { get; } = Milliseconds(rule.SpilloverTtl, rule.Deadline);
    public long DeadlineMs { get; } = Milliseconds(rule.Deadline, rule.Deadline);

    /// <summary>Lower tiers hear of accesses at most this often per session: an eighth of what they could expire it by.</summary>
    public long TellEveryMs { get; } = Math.Max(1, new[] { rule.SpilloverTtl, strategyTtl ?? rule.RedisTtl, rule.PostgresRetention, rule.Deadline }
        .Min(ttl => Milliseconds(ttl, rule.Deadline)) / 8);
    public long RedisTtlMs { get; } = Milliseconds(rule.RedisTtl, rule.Deadline);
    public long PostgresTtlMs { get; } = Milliseconds(rule.PostgresRetention, rule.Deadline);

    /// <summary>The sliding or explicit end of a session.</summary>
    public long DeadlineOf(bool isExplicit, long deadlineMs, long lastAccessMs) => isExplicit ? deadlineMs : lastAccessMs + DeadlineMs;

    /// <summary>Whether a header read from disk is past its end: by the rule of its writing, or by today's where that is sooner.</summary>
    public bool IsOver(SessionHeader header, long nowMs)
        => header.DeadlineMs <= nowMs || DeadlineOf(header.ExplicitDeadline, header.DeadlineMs, header.LastAccessMs) <= nowMs;

    /// <summary>When the copy on disk ends.</summary>
    public long DiskExpiryOf(SessionHeader header) => Math.Min(header.DeadlineMs, header.LastAccessMs + SpilloverTtlMs);

    private static long Milliseconds(TimeSpan ttl, TimeSpan fallback)
        => (long)(ttl > TimeSpan.Zero ? ttl : fallback).TotalMilliseconds;
}

/// <summary>Rule names as small numbers that outlive a policy: records in memory keep the number. Thread-safe.</summary>
internal sealed class RuleNames
{
    private readonly ConcurrentDictionary<string, int> _ids = new(StringComparer.Ordinal);

    public int Count => _ids.Count;

    public int IdOf(string name)
    {
        if (_ids.TryGetValue(name, out var id)) return id;
        lock (_ids) return _ids.GetOrAdd(name, static (_, ids) => ids.Count, _ids);
    }
}

/// <summary>One policy as the engine runs it. Immutable; the engine swaps the one reference on reload.</summary>
internal sealed class RuleTable
{
    private readonly ActiveRule?[] _byId;
    private readonly ActiveRule[] _inOrder;
    private readonly RuleNames _names;

    public RuleTable(CompiledPolicy policy, RuleNames names, TierSet shared = TierSet.None)
    {
        Policy = policy;
        _names = names;
        var isJournalled = policy.Spillover is { Mode: SpilloverMode.Mirror };
        _inOrder = [.. policy.Rules.Concat(policy.RouteRules).Select(rule => new ActiveRule(names.IdOf(rule.Name), rule, shared, isJournalled, StrategyTtlOf(policy, rule, shared)))];
        IsShared = _inOrder.Any(rule => rule.IsShared);
        _byId = new ActiveRule?[names.Count];
        foreach (var rule in _inOrder) _byId[rule.Id] = rule;
        HasItemRules = policy.Rules.Any(rule => rule.HasItems);
        HasParents = policy.Rules.Any(rule => rule.Parent is not null);
        IsMirror = policy.Spillover is { Mode: SpilloverMode.Mirror };
    }

    public CompiledPolicy Policy { get; }

    /// <summary>How long Redis keeps what the rule's strategy gives it; null where the tier's own time counts.</summary>
    private static TimeSpan? StrategyTtlOf(CompiledPolicy policy, CompiledRule rule, TierSet shared)
        => (rule.Tiers & shared).HasFlag(TierSet.Redis) && rule.Strategy is { } name && policy.Strategies.GetValueOrDefault(name) is { Ttl: var ttl } && ttl > TimeSpan.Zero ? ttl : null;

    /// <summary>True where some rule narrows items, so that items of one session may live in different tiers.</summary>
    public bool HasItemRules { get; }
    public bool IsMirror { get; }

    /// <summary>True where some rule's sessions are deleted with others.</summary>
    public bool HasParents { get; }

    /// <summary>True where some rule has a tier outside this process.</summary>
    public bool IsShared { get; }

    public ActiveRule this[CompiledRule rule] => _inOrder[rule.Index];

    /// <summary>The rule that a record was stored under; where the policy no longer has it, the one that fits the key today.</summary>
    public ActiveRule Stored(int id, ReadOnlySpan<byte> session)
        => id < _byId.Length && _byId[id] is { } rule ? rule : this[Policy.Matcher.MatchSession(session, null)];

    public ActiveRule Stored(string name, ReadOnlySpan<byte> session) => Stored(_names.IdOf(name), session);

    /// <summary>The shared tiers of every rule that a session of this key may have been written under.</summary>
    public TierSet SharedTiersOf(ReadOnlySpan<byte> session)
    {
        if (!IsShared) return TierSet.None;
        var tiers = TierSet.None;
        foreach (var rule in _inOrder)
            if (rule.IsShared && Policy.Matcher.MayTake(rule.Rule, session)) tiers |= rule.SharedTiers;
        return tiers;
    }

    public ActiveRule ForItem(ActiveRule sessionRule, ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, ISessionFields? fields)
        => HasItemRules ? this[Policy.Matcher.MatchItem(session, item, fields)] : sessionRule;
}
