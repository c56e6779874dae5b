using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Validation;

namespace TierOperator.Policy.Reference;

/// <summary>
/// The table of allowed combinations of write, ack, spillover's mode and tiers, as a page shows it. Each cell is found by
/// asking the validator about every set of tiers, so that the page cannot say anything else.
/// </summary>
public static class CombinationTable
{
    private static readonly TierSet[] s_optional = [TierSet.Memory, TierSet.Redis, TierSet.Postgres];

    /// <summary>The table in Markdown.</summary>
    public static string Write()
    {
        var text = new StringBuilder("| write | ack | no spillover | spillover Mirror | spillover Overflow |\n|---|---|---|---|---|\n");
        foreach (var write in Enum.GetValues<WriteMode>())
            foreach (var ack in Enum.GetValues<AckLevel>())
                text.Append($"| {write} | {ack} | {Cell(write, ack, null)} | {Cell(write, ack, SpilloverMode.Mirror)} | {Cell(write, ack, SpilloverMode.Overflow)} |\n");
        return text.ToString();
    }

    /// <summary>What the rule's tiers must hold next to spillover, or why no tiers would do.</summary>
    private static string Cell(WriteMode write, AckLevel ack, SpilloverMode? mode)
    {
        var spillover = mode is null || write == WriteMode.MemoryOnly ? TierSet.None : TierSet.Spillover;
        var sets = Subsets().Where(set => (set | spillover) != TierSet.None).ToList();
        var allowed = sets.Where(set => WriteCombination.Check(new WritePlan(write, ack, set | spillover, mode)) is null).ToList();
        if (allowed.Count == 0) return "no: " + Refusal(write, ack, mode, spillover);
        if (allowed.Count == sets.Count) return "yes";
        var least = allowed.Where(set => !allowed.Exists(other => other != set && (other & set) == other)).ToList();
        var words = string.Join(" or ", least.Select(Words));
        return IsUpward(allowed, sets, least) ? $"with {words}" : $"with {words} only";
    }

    private static string Refusal(WriteMode write, AckLevel ack, SpilloverMode? mode, TierSet spillover)
    {
        var all = TierSet.Memory | TierSet.Redis | TierSet.Postgres | spillover;
        var tiers = write == WriteMode.MemoryOnly ? TierSet.Memory : all;
        return WriteCombination.Check(new WritePlan(write, ack, tiers, mode))!.Code;
    }

    private static IEnumerable<TierSet> Subsets()
    {
        for (var bits = 0; bits < 1 << s_optional.Length; bits++)
            yield return s_optional.Where((_, index) => (bits >> index & 1) == 1).Aggregate(TierSet.None, (set, tier) => set | tier);
    }

    /// <summary>True when more tiers never hurt.</summary>
    private static bool IsUpward(List<TierSet> allowed, List<TierSet> sets, List<TierSet> least) =>
        sets.TrueForAll(set => !least.Exists(min => (set & min) == min) || allowed.Contains(set));

    private static string Words(TierSet set) => set == TierSet.None ? "spillover" : set.ToString().ToLowerInvariant().Replace(", ", " and ", StringComparison.Ordinal);
}
