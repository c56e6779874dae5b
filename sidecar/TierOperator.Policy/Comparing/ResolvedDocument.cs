using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Comparing;

/// <summary>The document as it runs: defaults that depend on other fields are written out, and the implicit rule stands last.</summary>
internal static class ResolvedDocument
{
    public static TierPolicyDocument Of(TierPolicyDocument document)
    {
        var effective = EffectiveDocument.Of(document);
        var compiled = PolicyCompiler.Compile(document);
        var rules = (effective.Spec!.Rules ?? []).Append(RuleCompiler.Implicit()).Select((rule, index) => Resolve(rule, compiled.Rules[index]));
        return effective with
        {
            Spec = effective.Spec with
            {
                Rules = [.. rules],
                Tiers = Resolve(effective.Spec.Tiers!),
                Resp = effective.Spec.Resp! with { AllowFlush = effective.Spec.Resp.AllowFlush ?? !compiled.DeclaredTiers.HasFlag(TierSet.Postgres) },
            },
        };
    }

    private static TiersDocument Resolve(TiersDocument tiers) => tiers.Spillover is { Volume: null } spillover
        ? tiers with { Spillover = spillover with { Volume = new VolumeDocument { EmptyDir = new EmptyDirDocument() } } }
        : tiers;

    private static RuleDocument Resolve(RuleDocument rule, CompiledRule compiled) => rule with
    {
        Tiers = [.. Enum.GetValues<TierName>().Where(name => compiled.Tiers.HasFlag(RuleDefaults.FlagOf(name)))],
        Ack = compiled.Ack,
        Strategy = compiled.Strategy,
        Ttl = new RuleTtlDocument
        {
            Memory = Written(compiled.MemoryTtl), Spillover = Written(compiled.SpilloverTtl),
            Redis = Written(compiled.RedisTtl), Postgres = Written(compiled.PostgresRetention),
        },
    };

    private static Duration? Written(TimeSpan ttl) => ttl == TimeSpan.Zero ? null : new Duration(ttl);
}
