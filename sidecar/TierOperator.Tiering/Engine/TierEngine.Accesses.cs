using System.Collections.Concurrent;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Reads by rule and tier. 1. Memory counts in its shards, under the lock that a hit holds anyway. 2. Below, one tally a rule and tier.
/// 3. They are added up when somebody asks. Bounded by the rules' names, of which a process sees few.
/// </remarks>
public sealed partial class TierEngine
{
    private static readonly TierSet[] s_counted = [TierSet.Memory, TierSet.Spillover, TierSet.Redis, TierSet.Postgres];
    private readonly ConcurrentDictionary<(int Rule, TierSet Tier), AccessTally> _accesses = new();

    /// <summary>
    /// What became of reads, for each rule and route of the policy that runs and each tier that it names, from zero on. The rules that the
    /// routes' own housekeeping goes by are left out.
    /// </summary>
    public IReadOnlyList<RuleAccesses> Accesses()
    {
        var policy = _rules.Policy;
        return [.. policy.Rules.Concat(policy.RouteRules.Where(static rule => rule.Name is not ("route/" or "route/purges"))).Select(rule =>
        {
            var id = _names.IdOf(rule.Name);
            return new RuleAccesses(rule.Name, TallyOf(id, TierSet.None)?.Hits ?? 0, [.. s_counted.Where(tier => rule.Tiers.HasFlag(tier)).Select(tier => AccessesOf(id, tier))]);
        })];
    }

    private TierAccesses AccessesOf(int rule, TierSet tier)
    {
        var tallies = tier == TierSet.Memory
            ? _memory.Shards.Select(shard => shard.TallyOf(rule)).OfType<AccessTally>().ToArray()
            : [.. new[] { TallyOf(rule, tier) }.OfType<AccessTally>()];
        return new TierAccesses(SharedTiers.NameOf(tier), tallies.Sum(static tally => tally.Hits), tallies.Sum(static tally => tally.Bytes))
        {
            After = [.. AccessTally.Names.Select((name, interval) => new KeyValuePair<string, long>(name, tallies.Sum(tally => tally.After(interval))))],
        };
    }

    private AccessTally? TallyOf(int rule, TierSet tier) => _accesses.GetValueOrDefault((rule, tier));

    private void CountRule(ActiveRule rule, TierSet tier, long bytes, SessionHeader header) => CountRule(rule, tier, bytes, header.LastAccessMs);

    private void CountRule(ActiveRule rule, TierSet tier, long bytes, long lastAccessMs)
        => _accesses.GetOrAdd((rule.Id, tier), static _ => new AccessTally()).Add(bytes, _clock.NowMs - lastAccessMs);

    private void CountMiss(ulong hash, CompiledRule? rule)
    {
        var shard = _memory.ShardOf(hash);
        Interlocked.Increment(ref shard.Misses);
        _memory.Queue.Miss(hash);
        if (rule is not null) CountMiss(rule);
    }

    // By name: a rule that was found before a reload has a place in another table.
    private void CountMiss(CompiledRule rule) => _accesses.GetOrAdd((_names.IdOf(rule.Name), TierSet.None), static _ => new AccessTally()).Add(0, 0);

    private static long BytesOf(SessionSnapshot session)
    {
        var bytes = 0L;
        foreach (var item in session.Items) bytes += item.Value.Length;
        return bytes;
    }
}

/// <summary>Reads of one rule's sessions: those that no tier could answer, and by tier the others.</summary>
public sealed record RuleAccesses(string Rule, long Misses, IReadOnlyList<TierAccesses> Tiers);

/// <summary>Reads that one tier answered, with the bytes of the values.</summary>
public sealed record TierAccesses(string Tier, long Hits, long Bytes)
{
    /// <summary>
    /// Reads by the time since the session's last access: up to <c>1s</c>, <c>10s</c>, … and <c>longer</c>. Below memory, since the last
    /// access that the tier was told of, so at most an eighth of its time longer.
    /// </summary>
    public required IReadOnlyList<KeyValuePair<string, long>> After { get; init; }
}
