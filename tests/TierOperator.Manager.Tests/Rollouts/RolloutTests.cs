using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Rollouts;

/// <summary>A change on its way through a running manager to sidecars that answer.</summary>
public sealed class RolloutTests
{
    [Fact]
    public async Task Change_WithPods_GoesInWavesByAcknowledgement()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var first = await FakeSidecar.StartAsync();
        await using var second = await FakeSidecar.StartAsync();
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        var old = TestPolicies.Chat.Compiled!.Revision;
        (first.Revision, second.Revision) = (old, old);
        manager.PutPod("chat-a", first);
        manager.PutPod("chat-b", second);
        await manager.UntilAsync("both are current", () => manager.Policy()!["status"]!["pods"]!["current"]!.GetValue<int>() == 2);

        var changed = TestPolicies.MemoryAndDisk.Replace("256Mi}", "256Mi, ttl: 1h}");
        var wanted = TestPolicies.Read(changed).Compiled!.Revision;
        manager.PutPolicy(changed);
        await manager.UntilConditionAsync("Programmed", "False", "RollingOut");
        Assert.NotNull(manager.ConfigMap()!["data"]!["candidate"]);
        (first.Revision, second.Revision) = (wanted, wanted);

        await manager.UntilConditionAsync("Programmed", "True", "Programmed");
        Assert.Null(manager.ConfigMap()!["data"]!["candidate"]);
        Assert.Contains("\"ttl\":\"1h\"", manager.ConfigMap()!["data"]!["stable"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ThatASidecarRefuses_GoesBackToStable()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var sidecar = await FakeSidecar.StartAsync();
        manager.PutPolicy(TestPolicies.MemoryAndDisk);
        sidecar.Revision = TestPolicies.Chat.Compiled!.Revision;
        await manager.UntilConditionAsync("Ready", "True", "Ready");
        manager.PutPod("chat-a", sidecar);
        await manager.UntilAsync("it is current", () => manager.Policy()!["status"]!["pods"]!["current"]!.GetValue<int>() == 1);
        var changed = TestPolicies.MemoryAndDisk.Replace("256Mi}", "256Mi, ttl: 1h}");
        sidecar.Refused = TestPolicies.Read(changed).Compiled!.Revision;

        manager.PutPolicy(changed);

        await manager.UntilConditionAsync("Programmed", "False", "Rejected");
        Assert.Null(manager.ConfigMap()!["data"]!["candidate"]);
        Assert.Equal("0", manager.ConfigMap()!["data"]!["wave"]!.GetValue<string>());
        Assert.Equal(1, manager.Policy()!["status"]!["pods"]!["rejected"]!.GetValue<int>());
    }
}
