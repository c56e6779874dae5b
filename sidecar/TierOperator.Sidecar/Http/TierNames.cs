using Microsoft.Extensions.Primitives;
using TierOperator.Policy.Compiled;

namespace TierOperator.Sidecar.Http;

/// <summary>The tiers' names on the wire, in both directions. Sets of four flags, so every text is made once.</summary>
internal static class TierNames
{
    public static readonly TierSet[] All = [TierSet.Memory, TierSet.Spillover, TierSet.Redis, TierSet.Postgres];

    private static readonly string[] Texts = [.. Enumerable.Range(0, 16).Select(set => string.Join(", ", Each((TierSet)set)))];

    /// <summary>A header's value, as <c>memory, spillover</c>.</summary>
    public static StringValues Header(TierSet tiers) => Texts[(int)tiers & 15];

    public static IEnumerable<string> Each(TierSet tiers)
        => All.Where(tier => (tiers & tier) != 0).Select(One);

    public static string One(TierSet tier) => tier switch
    {
        TierSet.Memory => "memory",
        TierSet.Spillover => "spillover",
        TierSet.Redis => "redis",
        TierSet.Postgres => "postgres",
        _ => "none",
    };

    public static bool TryParse(string? name, out TierSet tier)
    {
        tier = TierSet.None;
        foreach (var candidate in All)
            if (string.Equals(One(candidate), name, StringComparison.Ordinal)) tier = candidate;
        return tier != TierSet.None;
    }
}
