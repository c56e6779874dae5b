using System.Text;
using TierOperator.Policy.Compiled;

namespace TierOperator.Policy.Explaining;

/// <summary>Goes through the rules as the matcher does and keeps the reasons, which the matcher has no time for.</summary>
public static class PolicyExplainer
{
    /// <summary>Explains an item, or with a null item the session itself.</summary>
    public static PolicyExplanation Explain(CompiledPolicy policy, string session, string? item, ISessionFields? fields)
    {
        var (sessionBytes, itemBytes) = (Encoding.UTF8.GetBytes(session), item is null ? null : Encoding.UTF8.GetBytes(item));
        var reasons = new List<RuleReason>();
        CompiledRule? taken = null;
        foreach (var entry in policy.Matcher.Entries)
        {
            if (taken is not null)
            {
                reasons.Add(new RuleReason(entry.Rule.Name, RuleVerdict.NotReached, $"`{taken.Name}` took it before"));
                continue;
            }

            var against = WhyNot(entry, sessionBytes, itemBytes, fields);
            if (against is null) taken = entry.Rule;
            reasons.Add(new RuleReason(entry.Rule.Name, against is null ? RuleVerdict.Taken : RuleVerdict.PassedOver, against ?? Why(entry)));
        }

        return new PolicyExplanation(taken ?? policy.Rules[^1], reasons);
    }

    private static string? WhyNot(RuleMatcher.Entry entry, byte[] session, byte[]? item, ISessionFields? fields)
    {
        if (item is null && entry.Rule.HasItems) return "it places single items only";
        if (entry.Sessions.Length > 0 && !Array.Exists(entry.Sessions, glob => glob.IsMatch(session))) return $"the session matches none of {Listed(entry.Sessions)}";
        if (item is not null && entry.Items.Length > 0 && !Array.Exists(entry.Items, glob => glob.IsMatch(item))) return $"the item matches none of {Listed(entry.Items)}";
        foreach (var condition in entry.Where)
        {
            if (fields is not null && condition.IsMet(fields)) continue;
            var value = fields is not null && fields.TryGetField(condition.Field, out var found) ? $"is '{found}'" : "is not there";
            return $"`{condition.Field}` {value}, and the rule asks for {condition.Operator} {string.Join(", ", condition.Values)}".TrimEnd();
        }

        return null;
    }

    private static string Why(RuleMatcher.Entry entry)
    {
        var parts = new List<string>();
        if (entry.Sessions.Length > 0) parts.Add($"the session matches one of {Listed(entry.Sessions)}");
        if (entry.Items.Length > 0) parts.Add($"the item matches one of {Listed(entry.Items)}");
        if (entry.Where.Length > 0) parts.Add("every condition holds");
        return parts.Count == 0 ? "it takes everything" : string.Join(", ", parts);
    }

    private static string Listed(Glob[] globs) => string.Join(", ", globs.Select(glob => $"`{glob.Text}`"));
}
