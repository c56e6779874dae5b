using TierOperator.Policy.Compiled;

namespace TierOperator.Sidecar.Routes;

/// <summary>The routes of one policy as they serve. Immutable; one reference is swapped on reload.</summary>
internal sealed record RouteSet(IReadOnlyList<RouteEntry> Entries, RouteMatcher Matcher, IReadOnlyList<CompiledRoute> Compiled)
{
    /// <summary>The hosts by which the routes may be called.</summary>
    public IReadOnlyList<string> Hosts { get; } = [.. Compiled.SelectMany(route => route.Match.Hosts).Distinct(StringComparer.OrdinalIgnoreCase)];

    public RouteEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Route.Name == name);
}
