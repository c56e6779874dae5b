using System.Diagnostics.Metrics;

namespace TierOperator.Tiering.Engine;

/// <summary>The instruments of reads by rule and tier. Rules are a closed set: those of the policy that runs.</summary>
internal static class AccessMeter
{
    public static void AddTo(Meter meter, TierEngine engine)
    {
        meter.CreateObservableCounter("tier.rule.reads", () => engine.Accesses().SelectMany(Reads), "{read}", "Reads by the session's rule and the tier that answered.");
        meter.CreateObservableCounter(
            "tier.rule.read.size", () => Each(engine, static (rule, tier) => [Measured(tier.Bytes, rule, tier.Tier)]), "By", "Bytes of values that reads were answered with.");
        meter.CreateObservableCounter(
            "tier.rule.reaccesses", () => Each(engine, static (rule, tier) => tier.After.Select(after => Measured(after.Value, rule, tier.Tier, after.Key))),
            "{read}", "Reads by the time since the last access to the session.");
    }

    private static IEnumerable<Measurement<long>> Reads(RuleAccesses rule)
        => rule.Tiers.Select(tier => Measured(tier.Hits, rule.Rule, tier.Tier)).Append(Measured(rule.Misses, rule.Rule, "none"));

    private static IEnumerable<Measurement<long>> Each(TierEngine engine, Func<string, TierAccesses, IEnumerable<Measurement<long>>> of)
        => engine.Accesses().SelectMany(rule => rule.Tiers.SelectMany(tier => of(rule.Rule, tier)));

    private static Measurement<long> Measured(long value, string rule, string tier, string? within = null)
    {
        var (named, held) = (new KeyValuePair<string, object?>("rule", rule), new KeyValuePair<string, object?>("tier", tier));
        return within is null ? new Measurement<long>(value, named, held) : new Measurement<long>(value, named, held, new KeyValuePair<string, object?>("within", within));
    }
}
