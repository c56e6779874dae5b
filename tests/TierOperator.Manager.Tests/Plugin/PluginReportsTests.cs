using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Plugin;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Plugin;

public sealed class PluginReportsTests
{
    [Fact]
    public async Task Reports_OfAPublishedPolicy_SayWhatIsTrue()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        await using var sidecar = await FakeSidecar.StartAsync();
        manager.PutPod("chat-a", sidecar);
        manager.PutPod("chat-b", null);
        using var client = new KubeClient(manager.Server.Connection);
        var (output, error) = (new StringWriter(), new StringWriter());
        var reports = new PluginReports(client, output, error);

        Assert.Equal(0, await reports.StatusAsync("shop", CancellationToken.None));
        Assert.Equal(0, await reports.EffectiveAsync(new ObjectKey("shop", "chat-a"), CancellationToken.None));
        Assert.Equal(1, await reports.EffectiveAsync(new ObjectKey("shop", "chat-b"), CancellationToken.None));
        Assert.Equal(1, await reports.EffectiveAsync(new ObjectKey("shop", "nobody"), CancellationToken.None));

        var text = output.ToString();
        Assert.Contains("chat", text, StringComparison.Ordinal);
        Assert.Contains(TestPolicies.Chat.Compiled!.Revision, text, StringComparison.Ordinal);
        Assert.Contains("has no sidecar", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("there is no pod nobody", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("capacity: 256Mi", 0, "would publish")]
    [InlineData("capacty: 256Mi", 1, "TP0010")]
    public async Task DryRun_Policy_ChangesNothing(string capacity, int code, string says)
    {
        await using var server = await RunningManager.StartServerAsync();
        using var client = new KubeClient(server.Connection);
        var text = TestPolicies.MemoryAndDisk.Replace("capacity: 256Mi", capacity).Replace(", uid: 11111111-1111-4111-8111-111111111111, generation: 1, creationTimestamp: \"2026-01-01T00:00:00Z\"", "");
        var output = new StringWriter();

        var got = await new PluginReports(client, output, output).DryRunAsync("policy.yaml", TestPolicies.Node(text), text, CancellationToken.None);

        Assert.Equal(code, got);
        Assert.Contains(says, output.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.All(PolicyCatalog.Type));
    }
}
