using System.Net.Http.Headers;
using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace TierOperator.Sidecar.Routes;

/// <summary>What an intermediary does to every message that passes: RFC 9110, 7.6.</summary>
internal static class RouteTransforms
{
    private const string Via = "tier";
    private static readonly string[] s_connectionOptions = ["close", "keep-alive", "upgrade"];

    public static void Add(TransformBuilderContext context)
    {
        context.AddRequestTransform(OnRequest);
        context.AddResponseTransform(OnResponse);
    }

    private static ValueTask OnRequest(RequestTransformContext context)
    {
        var headers = context.ProxyRequest.Headers;
        foreach (var line in context.HttpContext.Request.Headers.Connection)
            foreach (var name in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (!s_connectionOptions.Contains(name, StringComparer.OrdinalIgnoreCase)) RemoveNamed(context, name);
        headers.Remove("Proxy-Authorization");
        if (context.Path.Value?.Contains('%', StringComparison.Ordinal) == true)
            context.ProxyRequest.RequestUri = RequestPath.At(context.DestinationPrefix, context.Path, context.Query.QueryString);
        headers.TryAddWithoutValidation("Via", ViaOf(context.HttpContext.Request.Protocol));
        return default;
    }

    private static string ViaOf(string protocol) => protocol == HttpProtocol.Http11 || !protocol.StartsWith("HTTP/", StringComparison.Ordinal)
        ? $"1.1 {Via}" : $"{protocol[5..]} {Via}";

    private static void RemoveNamed(RequestTransformContext context, string name)
    {
        if (!context.ProxyRequest.Headers.TryGetValues(name, out _)) context.ProxyRequest.Content?.Headers.Remove(name);
        else context.ProxyRequest.Headers.Remove(name);
    }

    private static async ValueTask OnResponse(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response) return;
        var (headers, trip) = (context.HttpContext.Response.Headers, context.HttpContext.Features.Get<OriginTrip>());
        if (response.StatusCode != System.Net.HttpStatusCode.SwitchingProtocols)
        {
            if (response.Headers.NonValidated.TryGetValues("Connection", out var connection))
                foreach (var line in connection) HopByHop.StripNamed(headers, line);
            HopByHop.Strip(headers);
        }

        if (response is { Version.Major: 1, Content.Headers.ContentLength: null } && HasBody(context, response) && !IsChunked(response.Headers))
            trip?.EndsWithConnection = true;
        if (trip?.Status is { } status) headers.Append(CacheStatus.Field, status);
        if (IsOpenStream(response)) await context.HttpContext.Response.Body.FlushAsync(context.CancellationToken);
    }

    // The proxy holds the head back until the first byte of the body. On a stream that may be long, or never: its client may wait for the
    // head before it says anything. An answer that is over with its head has the status in it, and must not begin a body.
    private static bool IsOpenStream(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType is { } type
        && ((type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) && !response.Headers.Contains("grpc-status"))
            || type.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));

    private static bool HasBody(ResponseTransformContext context, HttpResponseMessage response)
        => (int)response.StatusCode is not (204 or 205 or 304) && !HttpMethods.IsHead(context.HttpContext.Request.Method);

    private static bool IsChunked(HttpResponseHeaders headers) => headers.TransferEncodingChunked == true;
}
