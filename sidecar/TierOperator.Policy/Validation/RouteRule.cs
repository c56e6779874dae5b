using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;

namespace TierOperator.Policy.Validation;

/// <summary>Routes have names and requests of their own, and origins that can be asked.</summary>
internal sealed class RouteRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var requests = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (route, path) in ValidationContext.Numbered(context.Spec.Routes, "spec.routes"))
        {
            if (route.Name is { } name && !names.TryAdd(name, path))
                context.Report(PolicyCodes.DuplicateRoute, path + ".name", $"the name `{name}` is taken by {names[name]}", "choose another name");
            if (route.Match is { Path: { } template } match) CheckRequests(context, requests, match, template, path);
            if (route.Origin is { } origin) CheckOrigin(context, origin, route.Match?.Path, path + ".origin");
            if (route.Cache is { Mode: CacheMode.Policy, Ttl: null } && !context.IsBroken(path + ".cache.ttl"))
                context.Report(PolicyCodes.CacheTtl, path + ".cache.mode", "under Policy the ttl says how long an answer is fresh, and there is none", "write `ttl: 5m`, or `mode: Http`");
        }
    }

    private static void CheckRequests(ValidationContext context, Dictionary<string, string> requests, RouteMatchDocument match, string template, string path)
    {
        if (PathTemplate.Fault(template) is { } fault)
            context.Report(PolicyCodes.BadPathTemplate, path + ".match.path", fault, "write a template such as /catalog/{**rest}");
        if (PathTemplate.IsReserved(template))
            context.Report(PolicyCodes.ReservedPath, path + ".match.path", "/v1 and /mcp are the sidecar's own", "choose another path; a catch-all such as /{**rest} takes all but those");
        var key = string.Join(' ', PathTemplate.Shape(template), InOrder(match.Methods), InOrder(match.Hosts), Fields(match.Headers), Fields(match.Query));
        if (!requests.TryAdd(key, path))
            context.Report(PolicyCodes.SameRoute, path + ".match", $"{requests[key]} takes the same requests", "change the path or the methods of one of them");
    }

    private static string InOrder(IEnumerable<string>? values) => string.Join(",", (values ?? []).Order(StringComparer.Ordinal));

    private static string Fields(IReadOnlyList<FieldMatchDocument>? fields)
        => InOrder((fields ?? []).Select(field => $"{field.Name}={field.Mode ?? FieldMatchMode.Exact}:{InOrder(field.Values)}"));

    private static void CheckOrigin(ValidationContext context, OriginDocument origin, string? template, string path)
    {
        foreach (var (destination, at) in ValidationContext.Numbered(origin.Destinations, path + ".destinations"))
            if (!Uri.TryCreate(destination, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
                context.Report(PolicyCodes.BadDestination, at, $"'{FieldNames.Shown(destination)}' is no http or https address of a server", "write such as http://catalog.shop.svc:8080, without user, password and query");
        if (origin.SessionAffinity?.Policy == AffinityPolicy.HashCookie)
            context.Report(PolicyCodes.HashCookie, path + ".sessionAffinity.policy", "HashCookie needs a package that is not shipped", "write `policy: Cookie`");
        if (origin.StripPrefix is { } prefix && template is not null && !PathTemplate.StartsWith(template, prefix))
            context.Report(PolicyCodes.BadPrefix, path + ".stripPrefix", $"the route's path does not start with {FieldNames.Shown(prefix)}", "write the front of match.path, whole segments");
    }
}
