using Yarp.ReverseProxy.Configuration;

namespace TierOperator.Benchmarks.Servers;

/// <summary>ASP.NET with YARP and nothing else: one route, one cluster, one destination, no log.</summary>
internal sealed class BareProxy : IAsyncDisposable
{
    private readonly WebApplication application;

    private BareProxy(WebApplication application) => this.application = application;

    public string Url => application.Urls.First();

    public static async Task<BareProxy> StartAsync(Uri origin, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "all", Match = new RouteMatch { Path = "/{**rest}" } }],
            [new ClusterConfig { ClusterId = "all", Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["one"] = new() { Address = origin.AbsoluteUri } } }]);
        var application = builder.Build();
        application.MapReverseProxy();
        await application.StartAsync(cancellation);
        return new BareProxy(application);
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();
}
