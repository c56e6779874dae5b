using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Policies;

/// <summary>Kubernetes' label selector over a pod's labels.</summary>
internal static class LabelSelector
{
    /// <summary>
    /// True where everything asked for holds. A policy without a selector, or with an empty one, selects nothing: in
    /// Kubernetes an empty selector takes every pod, and a sidecar in every pod of a namespace is never meant by leaving
    /// two lines out.
    /// </summary>
    public static bool Matches(SelectorDocument? selector, IReadOnlyDictionary<string, string> labels)
    {
        if (selector is null || (selector.MatchLabels is not { Count: > 0 } && selector.MatchExpressions is not { Count: > 0 })) return false;
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>())
            if (!labels.TryGetValue(key, out var actual) || actual != value) return false;
        foreach (var expression in selector.MatchExpressions ?? [])
            if (!Holds(expression, labels)) return false;
        return true;
    }

    private static bool Holds(LabelExpressionDocument expression, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(expression.Key!, out var actual);
        return expression.Operator switch
        {
            LabelOperator.In => has && expression.Values!.Contains(actual!),
            LabelOperator.NotIn => !has || !expression.Values!.Contains(actual!),
            LabelOperator.Exists => has,
            _ => !has,
        };
    }
}
