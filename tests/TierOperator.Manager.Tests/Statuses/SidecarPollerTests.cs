using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Statuses;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Statuses;

public sealed class SidecarPollerTests
{
    // 160 a second, and what a second and a tick may let through together.
    private const int MostPerSecond = 160;
    private const int Pods = 600;

    [Fact]
    public async Task RunAsync_ManyPods_AreAllAskedAndNeverFasterThanTheRate()
    {
        await using var server = await RunningManager.StartServerAsync();
        await using var sidecar = await FakeSidecar.StartAsync();
        sidecar.Revision = "1";
        for (var pod = 0; pod < Pods; pod++) server.Put(ResourceTypes.Pods, Pod($"chat-{pod}", sidecar.Port));
        using var client = new KubeClient(server.Connection);
        var informer = new Informer<PodRecord>(client, PodRecord.View, ListScope.Everything, NullLogger.Instance);
        using var poller = new SidecarPoller(informer, _ => { }, TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var informing = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token);
        var started = Stopwatch.StartNew();

        var polling = poller.RunAsync(stop.Token);
        await ScriptProcess.UntilAsync(() => Task.FromResult((Heard(informer, poller) == Pods, $"{Heard(informer, poller)} were heard")));
        var took = started.Elapsed;

        Assert.True(took > TimeSpan.FromSeconds((Pods - (2.0 * MostPerSecond)) / MostPerSecond), $"{Pods} pods within {took}");
        server.Delete(ResourceTypes.Pods, new ObjectKey("shop", "chat-7"));
        await ScriptProcess.UntilAsync(() => Task.FromResult((poller.ReportOf("chat-7") is null, "the report of a pod that is gone is still there")));
        await stop.CancelAsync();
        await Task.WhenAll(informing, polling);
    }

    private static int Heard(Informer<PodRecord> informer, SidecarPoller poller) => informer.Store.All.Count(pod => poller.ReportOf(pod.Metadata.Uid) is not null);

    private static JsonObject Pod(string name, int port) => TestPolicies.Node($$"""
        metadata: {name: {{name}}, namespace: shop, uid: {{name}}, annotations: { {{WellKnown.InjectedPolicy}}: chat } }
        spec: {containers: [{name: tier, ports: [{containerPort: {{port}}}]}]}
        status: {phase: Running, podIP: 127.0.0.1}
        """);
}
