using System.Text.Json.Nodes;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Rollouts;

namespace TierOperator.Manager.Statuses;

/// <summary>Everything that a status is made of.</summary>
internal sealed record StatusInputs(PolicyObject Policy, RolloutState Rollout, PolicyPods Pods)
{
    public required Func<string, SidecarReport?> ReportOf { get; init; }
    public IReadOnlyList<BackendState> Backends { get; init; } = [];

    /// <summary>What other field managers hold of the policy's objects.</summary>
    public IReadOnlyList<string> Held { get; init; } = [];

    /// <summary>What the pods' specs should carry; null where the policy never ran.</summary>
    public string? Shape { get; init; }
    public JsonNode? Before { get; init; }
}
