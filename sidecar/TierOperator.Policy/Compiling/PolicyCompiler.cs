using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Policy.Compiling;

/// <summary>Turns a document without faults into what the data plane runs, every default filled in.</summary>
public static class PolicyCompiler
{
    /// <summary>The name of the implicit last rule.</summary>
    public const string DefaultRule = "default";

    /// <summary>Compiles a document that the validator passed.</summary>
    public static CompiledPolicy Compile(TierPolicyDocument document) => Compile(document, CanonicalSnapshot.Write(document));

    internal static CompiledPolicy Compile(TierPolicyDocument written, byte[] snapshot)
    {
        var document = EffectiveDocument.Of(written);
        var spec = document.Spec!;
        var entries = new List<RuleMatcher.Entry>();
        var rules = new RuleCompiler(spec);
        foreach (var rule in spec.Rules ?? []) entries.Add(rules.Compile(rule, entries.Count));
        entries.Add(rules.Compile(RuleCompiler.Implicit(), entries.Count));
        var routes = new RouteCompiler(spec, rules);
        var reserved = routes.CompileRules(entries.Count);
        return new CompiledPolicy
        {
            Name = document.Metadata!.Name!,
            Namespace = document.Metadata.Namespace!,
            Revision = CanonicalSnapshot.Revision(snapshot),
            Memory = Compile(spec.Tiers!.Memory),
            Spillover = Compile(spec.Tiers.Spillover),
            Rules = [.. entries.Select(entry => entry.Rule)],
            Retention = [.. (spec.Retention ?? []).Select(Compile)],
            Tombstones = spec.Sync!.Tombstones!.Value.Value,
            MaxBacklogBytes = spec.Sync.MaxBacklog!.Value.Bytes,
            Strategies = CompileStrategies(spec),
            Matcher = new RuleMatcher(entries, reserved),
            Routes = [.. (spec.Routes ?? []).Select(routes.Compile)],
            RouteRules = [.. reserved.Select(entry => entry.Rule)],
            DeclaredTiers = RuleDefaults.Declared(spec.Tiers),
            Effective = document,
        };
    }

    private static CompiledMemory? Compile(MemoryDocument? memory) => memory is null ? null : new CompiledMemory(
        memory.Capacity!.Value.Bytes, memory.Ttl!.Value.Value, memory.MaxSessions!.Value, memory.MaxItemsPerSession!.Value,
        memory.EvictAtPercent!.Value, memory.EvictToPercent!.Value, memory.Eviction!.Value);

    private static CompiledSpillover? Compile(SpilloverDocument? spillover) => spillover is null ? null : new CompiledSpillover(
        spillover.Capacity!.Value.Bytes, spillover.Ttl!.Value.Value, spillover.Mode!.Value, spillover.EvictAtPercent!.Value,
        spillover.Compression!.Value, spillover.Encryption?.KeySecretRef?.Name, spillover.Batch!.Value, spillover.Interval!.Value.Value)
    {
        IsEmptyDir = spillover.Volume?.VolumeClaimTemplate is null,
    };

    private static Dictionary<string, CompiledStrategy> CompileStrategies(SpecDocument spec)
    {
        var longest = spec.Tiers!.Redis?.Ttl?.Value ?? TimeSpan.Zero;
        var strategies = new Dictionary<string, CompiledStrategy>(StringComparer.Ordinal)
        {
            [BuiltInStrategies.None] = new CompiledStrategy(BuiltInStrategies.None, [], TimeSpan.Zero),
        };
        foreach (var (name, strategy) in BuiltInStrategies.All.Concat(spec.Strategies ?? new Dictionary<string, StrategyDocument>()))
            strategies[name] = new CompiledStrategy(name, [.. strategy.Items!.Select(item => new Glob(item))], strategy.Ttl?.Value ?? longest);
        return strategies;
    }

    private static CompiledRetention Compile(RetentionDocument entry) => new()
    {
        DataCategory = entry.DataCategory!,
        Action = entry.Action!.Value,
        After = entry.After?.Value,
        MaxBytes = entry.MaxBytes?.Bytes,
        MaxCount = entry.MaxCount,
        LegalHoldLabel = entry.LegalHold?.Label,
        Where = [.. RuleCompiler.Conditions(entry.Where)],
        Into = entry.Into is null ? null : new CompiledAggregate(entry.Into.By!, entry.Into.Sum ?? [], entry.Into.Count!.Value),
    };
}
