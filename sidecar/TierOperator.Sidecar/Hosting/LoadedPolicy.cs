using TierOperator.Policy;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Sidecar.Hosting;

/// <summary>A policy that may run: compiled, with its document, its snapshot and the strategies that a write may name.</summary>
internal sealed record LoadedPolicy(CompiledPolicy Compiled, TierPolicyDocument Document, byte[] Snapshot, IReadOnlyList<string> Strategies)
{
    private static readonly string[] BuiltInStrategies =
        ["CriticalOnly", "WithContext", "FullSession", "ResponseOnly", "WithRequest", "FullInteraction", "None"];

    /// <summary>What is allowed and probably not meant, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    public static LoadedPolicy From(PolicyLoadResult result) => new(
        result.Policy ?? throw new ArgumentException("the policy has faults", nameof(result)),
        result.Document!,
        result.Snapshot,
        [.. BuiltInStrategies.Union(result.Document!.Spec?.Strategies?.Keys ?? [], StringComparer.Ordinal)])
    {
        Warnings = [.. result.Warnings.Select(warning => warning.ToString())],
    };
}
