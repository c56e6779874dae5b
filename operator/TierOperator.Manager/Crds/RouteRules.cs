namespace TierOperator.Manager.Crds;

/// <summary>What must hold within routes.</summary>
internal static class RouteRules
{
    public static IReadOnlyList<SchemaRule> All { get; } =
    [
        new("spec.routes[].match.path", "!self.lowerAscii().matches('^/+(v1|mcp)(/|$)')", "/v1 and /mcp are the sidecar's own: choose another path"),
        new("spec.routes[].origin.sessionAffinity.policy", "self != 'HashCookie'", "HashCookie needs a package that is not shipped: write `policy: Cookie`"),
        new("spec.routes[]", "!has(self.origin.stripPrefix) || self.match.path.lowerAscii() + '/' == self.origin.stripPrefix.lowerAscii() + '/'"
            + " || self.match.path.lowerAscii().startsWith(self.origin.stripPrefix.lowerAscii() + (self.origin.stripPrefix.endsWith('/') ? '' : '/'))",
            "stripPrefix is the front of match.path, whole segments"),
        new("spec.routes[].cache", "self.mode != 'Policy' || has(self.ttl)", "under Policy the ttl says how long an answer is fresh: write `ttl: 5m`"),
    ];
}
