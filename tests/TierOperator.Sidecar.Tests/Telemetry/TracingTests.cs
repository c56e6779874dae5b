using System.Net;
using System.Net.Sockets;
using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Telemetry;

public sealed class TracingTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task Spans_WithACollector_ArriveByOtlpWithTheCallersTrace()
    {
        var url = $"http://127.0.0.1:{FreePort()}";
        var received = ReceiveOneAsync(url);
        using var folder = new TempFolder();
        await using var sidecar = await SidecarExecutable.StartAsync(
            "--policy", folder.Write("p.yaml", Policies.MemoryOnly), "--api-port", "0", "--admin-port", "0", "--resp-port", "0", "--otlp-endpoint", url);
        using var http = new HttpClient { BaseAddress = sidecar.Api };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/sessions/hidden-id/items/i") { Content = new StringContent("x") };
        request.Headers.TryAddWithoutValidation("traceparent", $"00-{Trace}-b7ad6b7169203331-01");

        using var response = await http.SendAsync(request);
        await sidecar.StopAsync();

        var (path, body) = await received.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("/v1/traces", path);
        Assert.Contains("putItem", body, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-id", body, StringComparison.Ordinal);
        Assert.Contains(Encoding.Latin1.GetString(Convert.FromHexString(Trace)), body, StringComparison.Ordinal);
    }

    private static async Task<(string Path, string Body)> ReceiveOneAsync(string url)
    {
        using var collector = new HttpListener { Prefixes = { url + "/" } };
        collector.Start();
        var context = await collector.GetContextAsync();
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        context.Response.StatusCode = 200;
        context.Response.Close();
        return (context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray()));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
