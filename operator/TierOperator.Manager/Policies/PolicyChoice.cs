using TierOperator.Manager.Names;

namespace TierOperator.Manager.Policies;

/// <summary>Which policy a pod runs, and which others asked for it.</summary>
/// <param name="Winner">Null where no policy asks for the pod, or the one that it names does not exist.</param>
/// <param name="Losers">Policies that select the pod as well: each is told with the count and the winner.</param>
/// <param name="Named">The policy that the pod names by its label; null where it names none.</param>
internal sealed record PolicyChoice(PolicyObject? Winner, IReadOnlyList<PolicyObject> Losers, string? Named)
{
    private static readonly PolicyChoice s_none = new(null, [], null);

    /// <summary>
    /// 1. A pod that runs a policy keeps it. 2. A policy named by the pod's label wins over a selector. 3. Then the
    /// older one. 4. Then by name.
    /// </summary>
    /// <param name="running">The policy that was injected into the pod, null before that.</param>
    public static PolicyChoice Of(IReadOnlyDictionary<string, string> labels, string? running, IEnumerable<PolicyObject> policies)
    {
        var named = labels.GetValueOrDefault(WellKnown.Policy);
        List<PolicyObject>? candidates = null;
        PolicyObject? byName = null;
        PolicyObject? kept = null;
        foreach (var policy in policies)
        {
            if (policy.Name == running) kept = policy;
            if (policy.Name == named) byName = policy;
            else if (policy.Running is null || !LabelSelector.Matches(policy.RunningSpec.Selector, labels)) continue;
            (candidates ??= []).Add(policy);
        }

        if (candidates is null) return kept is null && named is null ? s_none : new PolicyChoice(kept, [], named);
        var winner = kept ?? (named is null ? Oldest(candidates) : byName);
        return new PolicyChoice(winner, [.. candidates.Where(policy => policy != winner)], named);
    }

    private static PolicyObject Oldest(List<PolicyObject> candidates) =>
        candidates.OrderBy(policy => policy.CreatedAt).ThenBy(policy => policy.Name, StringComparer.Ordinal).First();
}
