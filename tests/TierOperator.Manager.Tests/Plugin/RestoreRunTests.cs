using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Plugin;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Plugin;

public sealed class RestoreRunTests
{
    [Theory]
    [InlineData("yesterday", "is no time with a zone")]
    [InlineData("2026-01-01T02:03:04", "is no time with a zone")]
    [InlineData("2026-01-01", "is no time with a zone")]
    [InlineData("2999-01-01T00:00:00Z", "has not come yet")]
    [InlineData("2026-01-01T02:03:04Z", "has no backups")]
    public async Task Run_WhatCannotBe_IsSaidAndNothingIsAsked(string to, string says)
    {
        await using var server = await RunningManager.StartServerAsync();
        using var client = new KubeClient(server.Connection);
        await client.CreateAsync(PolicyCatalog.Type, TestPolicies.Node("{apiVersion: tieroperator.io/v1alpha1, kind: TierPolicy, metadata: {name: chat, namespace: shop}, spec: {tiers: {memory: {}, postgres: {managed: {}}}}}"), CancellationToken.None);
        var said = new StringWriter();

        var code = await new RestoreRun(client, said, said, TimeProvider.System).RunAsync(new ObjectKey("shop", "chat"), to, TestContext.Current.CancellationToken);

        Assert.Equal(1, code);
        Assert.Contains(says, said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("tieroperator.io/restore", server.All(PolicyCatalog.Type).Single().ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoSuchPolicy_IsSaid()
    {
        await using var server = await RunningManager.StartServerAsync();
        using var client = new KubeClient(server.Connection);
        var said = new StringWriter();

        Assert.Equal(1, await new RestoreRun(client, said, said, TimeProvider.System).RunAsync(new ObjectKey("shop", "nobody"), null, TestContext.Current.CancellationToken));

        Assert.Contains("there is no policy nobody", said.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-01-01T02:03:04Z", "2026-01-01T02:03:04.000000Z")]
    [InlineData("2026-01-01T02:03:04.5+02:00", "2026-01-01T00:03:04.500000Z")]
    [InlineData("newest", "newest")]
    public void Ask_Times_AreWrittenInOneForm(string text, string written)
    {
        Assert.True(RestoreRequest.TryReadTime(text, out var at));

        Assert.Equal($"{written} id", RestoreRequest.Ask(at, "id"));
    }
}
