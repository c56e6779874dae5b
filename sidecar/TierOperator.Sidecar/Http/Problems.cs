using System.Globalization;

namespace TierOperator.Sidecar.Http;

/// <summary>Every problem that the sidecar answers with. A slug, once released, keeps its meaning.</summary>
internal static class Problems
{
    public static Problem Malformed(string detail) => new(400, "malformed", "The request cannot be understood", detail);

    public static Problem NoRequest() => Malformed("It is no well-formed HTTP/1.1. Send one Host field, each line with CR and LF at its end and none folded, "
        + "no white space before a colon, and the length of a body once: as digits in Content-Length, or with Transfer-Encoding: chunked.");

    public static Problem BadId(string what, IdFault fault) => new(400, "bad-id", "An id is not acceptable", fault switch
    {
        IdFault.Empty => $"The {what} id is empty. Ids are 1 to {PathParser.MaxIdBytes} bytes of UTF-8.",
        IdFault.TooLong => $"The {what} id is longer than {PathParser.MaxIdBytes} bytes. Use a shorter one, or a hash of it.",
        IdFault.NotUtf8 => $"The {what} id is not UTF-8. Encode its UTF-8 bytes as %XX.",
        _ => $"The {what} id has a character or escape that does not belong in a path. Encode each byte of its UTF-8 form as %XX.",
    });

    public static Problem UnknownStrategy(string name, IEnumerable<string> declared) => new(400, "unknown-strategy", "The policy declares no such strategy",
        $"Tier-Strategy names \"{name}\". The policy knows: {string.Join(", ", declared)}.");

    public static Problem Unauthorized() => new(401, "unauthorized", "A token is needed",
        "Send Authorization: Bearer with the token that stands in the sidecar's --token-file.");

    public static Problem ForeignHost() => new(403, "foreign-host", "The Host header names another place",
        "Call the sidecar by localhost or its loopback address, or name this host with --allowed-host.");

    public static Problem ForeignOrigin() => new(403, "foreign-origin", "The request comes from a page of another place",
        "Only pages served from localhost may call the sidecar; name others with --allowed-host.");

    public static Problem NoRoute() => new(404, "no-route", "Nothing is served here",
        "No route matches this path. The calls of this sidecar stand in /v1/openapi.json.");

    public static Problem NothingToRun(string reason) => new(503, "nothing-to-run", "The sidecar has no policy to run yet", reason) { RetryAfter = 5 };

    public static Problem NotFound(string detail) => new(404, "not-found", "There is no such thing", detail);

    public static Problem MethodNotAllowed(string allow) => new(405, "method-not-allowed", "The path does not take this method",
        $"Use one of: {allow}.")
    { Allow = allow };

    public static Problem NoSuchTarget() => new(405, "method-not-allowed", "The path does not take this method",
        "A target that is no path belongs to one method: \"*\" to OPTIONS, a host with a port to CONNECT. Call a path.");

    public static Problem HeadTooSlow() => new(408, "too-slow", "The request arrived too slowly",
        "Send the request line and all headers within the sidecar's --headers-timeout.");

    public static Problem TargetTooLong() => new(414, "target-too-long", "The request line is too long",
        $"Send at most {KestrelSetup.MaxRequestLineBytes} bytes: shorten the query, or send what is long as a body.");

    public static Problem OtherVersion() => new(505, "http-version", "The sidecar does not speak this version of HTTP",
        "Send HTTP/1.1, or HTTP/2 in clear text.");

    public static Problem TooSlow() => new(408, "too-slow", "The request arrived too slowly",
        "Send the body faster than the sidecar's --min-rate.");

    public static Problem Conflict(string detail) => new(409, "conflict", "The state does not allow it", detail);

    public static Problem Disputed(string? detail) => new(409, "disputed", "Somebody has to choose between versions",
        detail ?? "It was written in places that had not seen each other's version, and its rule says onConflict: Manual. Write or delete it with If-Match and this answer's ETag.");

    public static Problem PreconditionFailed(string? detail) => new(412, "precondition-failed", "The condition does not hold",
        detail ?? "The item has another version than If-Match or If-None-Match asked for. Read it again and decide anew.");

    public static Problem TooLarge(long limit, string flag) => new(413, "too-large", "The body is larger than this sidecar takes",
        $"The limit is {limit.ToString(CultureInfo.InvariantCulture)} bytes. Split the value, or raise {flag}.");

    public static Problem UnsupportedMedia(string wanted) => new(415, "unsupported-media-type", "The body has another type than this call takes",
        $"Send Content-Type: {wanted}.");

    public static Problem EncodedBody() => new(415, "unsupported-media-type", "The body has another type than this call takes",
        "Send the body without Content-Encoding: it is stored as it comes, and whoever reads it would not know that it is encoded.");

    public static Problem AnswerTooLarge(long limit) => new(413, "too-large", "The body is larger than this sidecar takes",
        $"The answer's values together would pass {limit.ToString(CultureInfo.InvariantCulture)} bytes. Read this item by itself, or raise --max-document.");

    public static Problem Unprocessable(string? detail) => new(422, "against-policy", "The policy refuses it",
        detail ?? "The session would hold more items than the policy's maxItemsPerSession.");

    public static Problem Backlog(string? detail) => new(429, "backlog-full", "The journal is full",
        detail ?? "Too much waits to be written to lower tiers. Try again shortly.")
    { RetryAfter = 1 };

    public static Problem OverBudget() => new(429, "in-flight-full", "Too many large bodies are on their way",
        "The budget for bodies in flight is used up. Try again shortly, or raise --in-flight.")
    { RetryAfter = 1 };

    public static Problem HeadersTooLarge() => new(431, "headers-too-large", "The headers are too large",
        $"Send at most {KestrelSetup.MaxHeaders} headers and {KestrelSetup.MaxHeaderBytes} bytes.");

    public static Problem Internal() => new(500, "internal", "The sidecar failed on this request",
        "It is a fault of the sidecar; its log has the cause under the same time.");

    public static Problem TierUnavailable(string? detail) => new(503, "tier-unavailable", "No tier could answer",
        detail ?? "A tier that could hold it did not answer, and the rule says Fail. Try again shortly.")
    { RetryAfter = 1 };

    public static Problem NoRoom(string? detail) => new(507, "no-room", "No tier has room for it",
        detail ?? "Raise the capacity of the rule's tiers, or delete what is not needed.");
}
