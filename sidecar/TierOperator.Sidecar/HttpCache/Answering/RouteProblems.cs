using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>What the sidecar itself answers on routes.</summary>
internal static class RouteProblems
{
    private const int MostListed = 20;

    public static Problem NoRoute(RouteSet routes) => new(404, "no-route", "Nothing is served here",
        "No route matches this request. The policy's routes: "
        + string.Join(", ", routes.Entries.Take(MostListed).Select(entry => $"{entry.Route.Name} ({entry.Route.Match.Path})"))
        + (routes.Entries.Count > MostListed ? ", …" : "") + ". The calls of this sidecar stand in /v1/openapi.json.");

    public static Problem NotCached() => new(504, "not-cached", "Nothing is stored that would do",
        "The request says only-if-cached, and no stored response may be used for it. Send it without.");

    public static Problem PastTheEnd(long length) => new(416, "past-the-end", "The range begins past the end",
        $"The body has {length} bytes. Ask for a range within it, or without Range for the whole.")
    { ContentRange = $"bytes */{length}" };

    public static Problem NoTunnel() => new(405, "no-tunnel", "CONNECT is not served",
        "The sidecar is a gateway to the policy's routes, not a tunnel. Call the route's path.")
    { Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" };

    public static Problem NoTrace() => new(405, "no-trace", "TRACE ends here",
        "Max-Forwards is used up, and the sidecar does not send requests back.")
    { Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" };

    public static Problem TwoLengths() => new(400, "malformed", "The request cannot be understood",
        "It has both Content-Length and Transfer-Encoding. Send one of them.");

    public static Problem OtherCoding() => new(400, "malformed", "The request cannot be understood",
        "Its Transfer-Encoding is not \"chunked\" alone. Send the body in chunks, or with a Content-Length.");

    public static Problem CodingOfLater() => new(400, "malformed", "The request cannot be understood",
        "HTTP/1.0 has no Transfer-Encoding. Send a Content-Length, or HTTP/1.1.");

    public static Problem DotsInPath() => new(400, "malformed", "The request cannot be understood",
        "Its path has \"/./\" or \"/../\" beside encoded slashes or percent signs. Send the path without the dots.");

    public static Problem NeedsToken() => new(407, "unauthorized", "A token is needed",
        "Send Proxy-Authorization: Bearer with the token that stands in the sidecar's --token-file. Authorization is the origin's.");

    public static Problem Of(OriginFault fault, string route) => fault switch
    {
        OriginFault.TooSlow => new(504, "origin-timeout", "The origin did not answer in time", $"No origin of the route {route} answered within its timeout. Try again, or raise origin.timeout."),
        OriginFault.BadBody => Problems.Malformed("The body could not be read: send each chunk's size in hexadecimal digits, the chunk as long as that, and all of it."),
        OriginFault.SlowBody => Problems.TooSlow(),
        OriginFault.NoDestination => new(503, "no-origin", "No origin is well", $"Every origin of the route {route} is taken out by its health check. GET /v1/routes shows them.") { RetryAfter = 1 },
        OriginFault.BrokenOff => new(502, "origin-broke-off", "The origin broke off", $"An origin of the route {route} ended its answer before it was whole, or sent one that is no HTTP. Look at its log."),
        _ => new(502, "origin-unreachable", "The origin cannot be reached", $"No origin of the route {route} took the request or answered it in proper HTTP. Check origin.destinations and the origin's log."),
    };
}
