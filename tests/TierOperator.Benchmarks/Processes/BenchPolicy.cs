using TierOperator.Policy;
using TierOperator.Policy.Compiled;

namespace TierOperator.Benchmarks.Processes;

/// <summary>The policies that measurements run under. Sessions whose id begins with `m` are acknowledged from memory.</summary>
internal sealed record BenchPolicy
{
    public string MemoryCapacity { get; init; } = "256Mi";

    /// <summary>Null for a policy with no disk tier.</summary>
    public string? SpilloverCapacity { get; init; } = "8Gi";
    public string Ack { get; init; } = "Disk";

    /// <summary>The policy's routes as YAML; none unless told.</summary>
    public string Routes { get; init; } = "";

    public CompiledPolicy Compile()
    {
        var result = PolicyLoader.Load(ToYaml());
        return result.Policy ?? throw new InvalidOperationException("the benchmarks' own policy has faults: " + string.Join("; ", result.Faults));
    }

    public string ToYaml()
    {
        var disk = SpilloverCapacity is null ? "" : $"    spillover: {{capacity: {SpilloverCapacity}, ttl: 7d, mode: Mirror, compression: None}}\n";
        var tiers = SpilloverCapacity is null ? "[memory]" : "[memory, spillover]";
        var ack = SpilloverCapacity is null ? "Memory" : Ack;
        return $$"""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {name: bench}
            spec:
              selector: {matchLabels: {app: bench} }
              tiers:
                memory: {capacity: {{MemoryCapacity}}, ttl: 5h}

            """ + disk + $$"""
              rules:
                - {name: from-memory, match: {sessions: ["m*"]}, tiers: {{tiers}}, ack: Memory}
                - {name: everything, match: {sessions: ["*"]}, tiers: {{tiers}}, ack: {{ack}} }

            """ + Routes;
    }
}
