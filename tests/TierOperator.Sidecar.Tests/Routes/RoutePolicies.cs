namespace TierOperator.Sidecar.Tests.Running;

/// <summary>Policies with routes.</summary>
internal static class RoutePolicies
{
    /// <summary>One route that takes every path, by the origin's headers, in memory.</summary>
    public static string CacheAll(params Uri[] origins) => With(Route(origins));

    /// <summary>The route of <see cref="CacheAll"/>.</summary>
    public static string Route(params Uri[] origins) => $$"""
            - name: all
              match: {path: "/{**rest}"}
              origin: {destinations: [{{Quoted(origins)}}]}
        """;

    /// <summary>A policy with these routes, over memory.</summary>
    public static string With(string routes, string tiers = "memory: {capacity: 64Mi}") => $$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: routes}
        spec:
          tiers:
            {{tiers}}
          routes:
        {{routes}}
        """;

    public static string Quoted(params Uri[] origins) => string.Join(", ", origins.Select(origin => $"\"{origin}\""));
}
