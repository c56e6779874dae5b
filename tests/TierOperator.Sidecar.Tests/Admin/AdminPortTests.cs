using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Admin;

public sealed class AdminPortTests
{
    [Fact]
    public async Task Paths_WhenReady_Are200ForGetOnly()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        foreach (var path in new[] { "/livez", "/readyz", "/startupz", "/status", "/metrics" })
        {
            await sidecar.Admin.GetAsync(path).AssertStatusAsync(200);
            await sidecar.Admin.PostAsync(path, null).AssertProblemAsync(405, "method-not-allowed");
        }

        await sidecar.Admin.GetAsync("/v1/sessions").AssertProblemAsync(404, "no-route");
    }

    [Fact]
    public async Task Port_NeverShowsIds()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/very-secret-id/items/i", "x", "text/plain", ("Tier-Subject", "very-secret-id")).AssertStatusAsync(201);

        foreach (var path in new[] { "/readyz", "/status", "/metrics" })
            Assert.DoesNotContain("very-secret-id", await sidecar.Admin.GetStringAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_ForeignHost_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Host = "evil.example" } };

        await sidecar.Admin.SendAsync(foreign).AssertProblemAsync(403, "foreign-host");
    }

    [Fact]
    public async Task Readyz_WhileDraining_Is503()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "x").AssertStatusAsync(201);

        var report = await sidecar.Host.StopAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        Assert.Equal(0, report!.PendingSessions);
        await sidecar.Admin.GetAsync("/readyz").AssertStatusAsync(503);
        await sidecar.Admin.GetAsync("/livez").AssertStatusAsync(200);
        await Assert.ThrowsAsync<HttpRequestException>(() => sidecar.Http.GetAsync("/v1/status"));
    }
}
