using System.Collections.Concurrent;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <summary>A rule with its times as milliseconds, as the hot path wants them. Immutable.</summary>
internal sealed class ActiveRule(int id, CompiledRule rule)
{
    public int Id { get; } = id;
    public CompiledRule Rule { get; } = rule;
    public bool UsesMemory { get; } = rule.Tiers.HasFlag(TierSet.Memory) && rule.Write != WriteMode.Around;
    public bool UsesDisk { get; } = rule.Tiers.HasFlag(TierSet.Spillover) && rule.Write != WriteMode.MemoryOnly;
    public long MemoryTtlMs { get; } = Milliseconds(rule.MemoryTtl, rule.Deadline);
    public long SpilloverTtlMs { get; } = Milliseconds(rule.SpilloverTtl, rule.Deadline);
    public long DeadlineMs { get; } = Milliseconds(rule.Deadline, rule.Deadline);

    /// <summary>The disk hears of accesses at most this often per session: an eighth of what it could expire by.</summary>
    public long TellEveryMs { get; } = Math.Max(1, Math.Min(Milliseconds(rule.SpilloverTtl, rule.Deadline), Milliseconds(rule.Deadline, rule.Deadline)) / 8);

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

    public RuleTable(CompiledPolicy policy, RuleNames names)
    {
        Policy = policy;
        _names = names;
        _inOrder = [.. policy.Rules.Select(rule => new ActiveRule(names.IdOf(rule.Name), rule))];
        _byId = new ActiveRule?[names.Count];
        foreach (var rule in _inOrder) _byId[rule.Id] = rule;
        HasItemRules = policy.Rules.Any(rule => rule.HasItems);
        IsMirror = policy.Spillover is { Mode: SpilloverMode.Mirror };
    }

    public CompiledPolicy Policy { get; }

    /// <summary>True where some rule narrows items, so that items of one session may live in different tiers.</summary>
    public bool HasItemRules { get; }
    public bool IsMirror { get; }

    public ActiveRule this[CompiledRule rule] => _inOrder[rule.Index];

    /// <summary>The rule that a record was stored under; where the policy no longer has it, the one that fits the key today.</summary>
    public ActiveRule Stored(int id, ReadOnlySpan<byte> session)
        => id < _byId.Length && _byId[id] is { } rule ? rule : this[Policy.Matcher.MatchSession(session, null)];

    public ActiveRule Stored(string name, ReadOnlySpan<byte> session) => Stored(_names.IdOf(name), session);

    public ActiveRule ForItem(ActiveRule sessionRule, ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, ISessionFields? fields)
        => HasItemRules ? this[Policy.Matcher.MatchItem(session, item, fields)] : sessionRule;
}
