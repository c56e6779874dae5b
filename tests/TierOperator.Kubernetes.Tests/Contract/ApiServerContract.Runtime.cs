using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Controllers;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Leadership;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;

namespace TierOperator.Kubernetes.Contract;

public abstract partial class ApiServerContract
{
    [Fact]
    public async Task Runtime_EntityComesAndGoes_IsReconciledAndFinalized()
    {
        using var stop = new CancellationTokenSource();
        var informer = new Informer<Kept>(Client, Kept.ConfigMaps, Own, NullLogger.Instance);
        var worker = new Worker();
        using var controller = new Controller<Kept>(Client, informer, worker, new ControllerOptions("contract"), NullLogger.Instance, worker);
        var running = Task.WhenAll(informer.RunAsync(stop.Token), controller.RunAsync(stop.Token));

        await CreateAsync("a");
        await Eventually.HoldsAsync(() => worker.Seen.Contains("reconciled a 1"));
        await Client.PatchAsync(ResourceTypes.ConfigMaps, Key("a"), [new JsonObject { ["op"] = "replace", ["path"] = "/data/value", ["value"] = "2" }], default);
        await Eventually.HoldsAsync(() => worker.Seen.Contains("reconciled a 2"));
        await Client.DeleteAsync(ResourceTypes.ConfigMaps, Key("a"), new DeleteOptions(), default);
        await Eventually.HoldsAsync(() => worker.Seen.Contains("deleted a"));

        Assert.Contains("finalized a", worker.Seen);
        Assert.Null(await Client.GetAsync(ResourceTypes.ConfigMaps, Key("a"), default));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Runtime_Leader_LeadsAndGivesTheLeaseBack()
    {
        using var stop = new CancellationTokenSource();
        var options = new LeaderElectionOptions(Namespace, "leader", "me") { RetryPeriod = TimeSpan.FromMilliseconds(100) };
        var elector = new LeaderElector(Client, options, NullLogger.Instance);
        var renewed = new ConcurrentQueue<string>();

        var running = elector.RunAsync(
            async token =>
            {
                while (!token.IsCancellationRequested)
                {
                    renewed.Enqueue((await Client.GetAsync(ResourceTypes.Leases, Key("leader"), default))!["spec"]!["renewTime"]!.GetValue<string>());
                    await Task.Delay(20, CancellationToken.None);
                }
            },
            stop.Token);
        await Eventually.HoldsAsync(() => renewed.Distinct().Count() > 2);
        await stop.CancelAsync();

        Assert.True(await running);
        Assert.Equal("", (await Client.GetAsync(ResourceTypes.Leases, Key("leader"), default))!["spec"]!["holderIdentity"]?.GetValue<string>() ?? "");
    }

    [Fact]
    public async Task Runtime_Event_IsTaken()
    {
        using var stop = new CancellationTokenSource();
        var map = ObjectMeta.Read(System.Text.Json.JsonSerializer.SerializeToElement<JsonNode>(await CreateAsync("a")));
        var recorder = new EventRecorder(Client, "tieroperator.io/contract", "pod-1", NullLogger.Instance);
        var running = recorder.RunAsync(stop.Token);

        recorder.Record(new KubeEvent(ResourceTypes.ConfigMaps, map, EventKind.Warning, "Tested", new string('é', 2000)));

        await EventsAsync(1);
        await stop.CancelAsync();
        await running;
    }

    private async Task EventsAsync(int count)
    {
        var events = 0;
        await foreach (var happened in Client.WatchAsync(Kept.View(ResourceTypes.Events), Own, "0", default))
            if (happened.Kind == WatchEventKind.Added && ++events == count) return;
    }

    private sealed class Worker : IEntityController<Kept>, IEntityFinalizer<Kept>
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public string Identifier => "test.io/contract";

        public Task<ReconciliationResult> ReconcileAsync(Kept entity, CancellationToken cancellationToken) => Note($"reconciled {entity.Metadata.Name} {entity.Value}");

        public Task<ReconciliationResult> DeletedAsync(Kept entity, CancellationToken cancellationToken) => Note($"deleted {entity.Metadata.Name}");

        public Task<ReconciliationResult> FinalizeAsync(Kept entity, CancellationToken cancellationToken) => Note($"finalized {entity.Metadata.Name}");

        private Task<ReconciliationResult> Note(string what)
        {
            Seen.Enqueue(what);
            return Task.FromResult(ReconciliationResult.Success);
        }
    }
}
