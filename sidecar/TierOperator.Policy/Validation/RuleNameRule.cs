using TierOperator.Policy.Compiling;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A rule is known by its name, in answers, metrics and stored sessions: it must be the only one of it.</summary>
internal sealed class RuleNameRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (rule, path) in context.Rules)
        {
            if (rule.Name is not { } name) continue;
            if (name == PolicyCompiler.DefaultRule)
                context.Report(PolicyCodes.ReservedRule, path + ".name", "`default` is the name of the implicit last rule", "choose another name");
            else if (!seen.TryAdd(name, path))
                context.Report(PolicyCodes.DuplicateRule, path + ".name", $"the name `{name}` is taken by {seen[name]}", "choose another name");
        }
    }
}
