using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TierOperator.Sidecar.Http;

namespace TierOperator.Benchmarks.Servers;

/// <summary>
/// Kestrel with the sidecar's own options (the same source file) and an application right on top of it: no host, no
/// middleware. What it reaches is what the HTTP server costs on this machine; the sidecar is judged by its share of that.
/// </summary>
internal sealed class BareServer : IAsyncDisposable
{
    private readonly KestrelServer server;

    private BareServer(KestrelServer server, string url) => (this.server, Url) = (server, url);

    public string Url { get; }

    public static async Task<BareServer> StartAsync(IHttpApplication<IFeatureCollection> application, int port, CancellationToken cancellation)
    {
        var options = new KestrelServerOptions();
        KestrelSetup.Apply(options, new ConnectionLimits());
        options.Listen(IPAddress.Loopback, port);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        await server.StartAsync(application, cancellation);
        return new BareServer(server, server.Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        server.Dispose();
    }
}
