using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.Metrics;

namespace TierOperator.Sidecar.Admin;

/// <summary>The admin port: metrics, health and status. Read-only, and without the id of any session.</summary>
internal sealed class AdminApplication(
    HostGuard guard, Lifecycle lifecycle, PolicyState policy, MeterCollector metrics, TimeProvider time) : IHttpApplication<IFeatureCollection>
{
    public static readonly string[] Paths = ["/metrics", "/livez", "/readyz", "/startupz", "/status"];

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception) { }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        var http = new DefaultHttpContext(context);
        var headers = http.Request.Headers;
        if (guard.Check(headers.Host, headers.Origin, http.Connection.LocalIpAddress) is { } foreign) return foreign.WriteAsync(http);
        var path = http.Request.Path.Value ?? "";
        if (Array.IndexOf(Paths, path) < 0)
            return (Problems.NoRoute() with { Detail = $"The admin port serves {string.Join(", ", Paths)}." }).WriteAsync(http);
        if (!HttpMethods.IsGet(http.Request.Method)) return Problems.MethodNotAllowed("GET").WriteAsync(http);
        return path switch
        {
            "/metrics" => TextAsync(http, 200, PrometheusWriter.MediaType, metrics.Collect()),
            "/livez" => TextAsync(http, 200, "text/plain", "ok\n"),
            "/startupz" => StartupAsync(http),
            "/readyz" => ReadyAsync(http),
            _ => JsonAnswer.WriteAsync(http, 200, json => StatusJson.Write(json, lifecycle, policy, time)),
        };
    }

    private Task StartupAsync(HttpContext http)
    {
        var bound = lifecycle.Phase != Phase.Starting;
        return TextAsync(http, bound ? 200 : 503, "text/plain", bound ? "ok\n" : "the tiers are being opened\n");
    }

    private Task ReadyAsync(HttpContext http) => JsonAnswer.WriteAsync(http, lifecycle.Phase == Phase.Ready ? 200 : 503, json =>
    {
        json.WriteString("phase", lifecycle.Phase.ToString());
        if (lifecycle.Engine is { } engine) StatusJson.WriteHealth(json, engine);
    });

    private static async Task TextAsync(HttpContext http, int status, string mediaType, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.StatusCode = status;
        http.Response.ContentType = mediaType;
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
    }
}
