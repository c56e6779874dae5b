using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Compiling;

/// <summary>The strategies that every policy has.</summary>
public static class BuiltInStrategies
{
    /// <summary>Durable storage only: nothing in Redis.</summary>
    public const string None = "None";

    /// <summary>By name, without None, which holds nothing.</summary>
    public static IReadOnlyDictionary<string, StrategyDocument> All { get; } = new Dictionary<string, StrategyDocument>(StringComparer.Ordinal)
    {
        ["CriticalOnly"] = Make("1h", "status", "userId"),
        ["WithContext"] = Make("30m", "status", "userId", "context", "interactionCount"),
        ["FullSession"] = Make("15m", "*"),
        ["ResponseOnly"] = Make("30m", "response", "timestamp"),
        ["WithRequest"] = Make("15m", "response", "timestamp", "request", "context"),
        ["FullInteraction"] = Make("5m", "*"),
    };

    /// <summary>The names that a rule of this policy may use.</summary>
    public static IEnumerable<string> NamesFor(SpecDocument? spec) => All.Keys.Append(None).Concat(spec?.Strategies?.Keys ?? []).Distinct(StringComparer.Ordinal);

    private static StrategyDocument Make(string ttl, params string[] items) => new() { Items = items, Ttl = Duration.Parse(ttl) };
}
