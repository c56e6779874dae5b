using TierOperator.Sidecar.Metrics;

namespace TierOperator.Manager.Hosting;

/// <summary>Probes and metrics. Liveness is whether watches move; it never depends on a backend.</summary>
internal sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    public HealthServer(int port, Func<string?> dead, Func<string?> unready, MeterCollector metrics)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenAnyIP(port);
            kestrel.AddServerHeader = false;
        });
        _application = builder.Build();
        _application.MapGet("/livez", http => AnswerAsync(http, dead()));
        _application.MapGet("/readyz", http => AnswerAsync(http, unready()));
        _application.MapGet("/metrics", http =>
        {
            http.Response.ContentType = PrometheusWriter.MediaType;
            return http.Response.WriteAsync(metrics.Collect(), http.RequestAborted);
        });
    }

    /// <summary>Where it listens, with the port that it really has.</summary>
    public int Port => new Uri(_application.Urls.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;

    public Task StartAsync(CancellationToken cancellationToken) => _application.StartAsync(cancellationToken);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static Task AnswerAsync(HttpContext http, string? fault)
    {
        http.Response.StatusCode = fault is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return http.Response.WriteAsync((fault ?? "ok") + "\n", http.RequestAborted);
    }
}
