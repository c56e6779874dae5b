using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy;

/// <summary>What became of loading a policy. Immutable.</summary>
public sealed record PolicyLoadResult
{
    /// <summary>The policy to run; null where there are faults.</summary>
    public CompiledPolicy? Policy { get; init; }

    /// <summary>What was written, as far as it could be read; null where the text is no mapping.</summary>
    public TierPolicyDocument? Document { get; init; }

    /// <summary>The name of the file, for messages; null where there is none.</summary>
    public string? FileName { get; init; }

    /// <summary>Everything that refuses the policy, in the order of the text.</summary>
    public IReadOnlyList<PolicyFault> Faults { get; init; } = [];

    /// <summary>What is allowed and probably not meant, in the order of the text.</summary>
    public IReadOnlyList<PolicyFault> Warnings { get; init; } = [];

    /// <summary>The canonical snapshot, UTF-8 JSON; empty where there are faults.</summary>
    public byte[] Snapshot { get; init; } = [];

    public bool IsValid => Policy is not null;
}
