using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>A backend is either run by the operator or by somebody else: exactly one form is given.</summary>
internal sealed class BackendFormRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (context.Tiers.Redis is { } redis)
            CheckForms(context, "spec.tiers.redis", ("managed", redis.Managed), ("external", redis.External));
        if (context.Tiers.Postgres is { } postgres)
            CheckForms(context, "spec.tiers.postgres", ("managed", postgres.Managed), ("external", postgres.External), ("cloudNativePG", postgres.CloudNativePG));
    }

    private static void CheckForms(ValidationContext context, string path, params (string Name, object? Value)[] forms)
    {
        var given = forms.Where(form => form.Value is not null).Select(form => form.Name).ToList();
        var all = string.Join(", ", forms.Select(form => form.Name));
        if (given.Count == 0 && !context.IsBroken(path))
            context.ReportAtName(PolicyCodes.OneBackend, path, "it does not say where the server comes from", $"write exactly one of {all}, such as `managed: {{}}`");
        foreach (var extra in given.Skip(1))
            context.ReportAtName(PolicyCodes.OneBackend, $"{path}.{extra}", $"{string.Join(" and ", given)} are given", $"keep exactly one of {all}");
    }
}
