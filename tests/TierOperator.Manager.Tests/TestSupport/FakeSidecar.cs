using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>An admin port that says what the test tells it to.</summary>
internal sealed class FakeSidecar : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FakeSidecar(WebApplication application) => _application = application;

    public string Revision { get; set; } = "";
    public string? Refused { get; set; }
    public int Port => new Uri(_application.Urls.First()).Port;

    public static async Task<FakeSidecar> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        var sidecar = new FakeSidecar(application);
        application.MapGet("/status", http => http.Response.WriteAsync($$"""
            {"phase": "Ready", "policy": {"revision": "{{sidecar.Revision}}", "restartRequired": [],
             "refused": {{(sidecar.Refused is null ? "null" : $$"""{"revision": "{{sidecar.Refused}}", "reasons": ["TP0010 spec.new"]}""")}}},
             "tiers": [{"name": "memory", "state": "Healthy", "usedBytes": 10, "hits": 3}], "counters": {"misses": 1}, "somethingNew": 1}
            """));
        await application.StartAsync();
        return sidecar;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
