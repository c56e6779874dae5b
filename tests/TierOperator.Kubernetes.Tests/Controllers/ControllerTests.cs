using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;

namespace TierOperator.Kubernetes.Controllers;

public sealed class ControllerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Recorder _recorder = new();
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _client = new KubeClient(_server.Connection);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_StatusChanges_AreNoReasonToReconcile()
    {
        PutPod("a", "1", "Pending");
        Start();
        await _recorder.SeenAsync("reconciled a");

        PutPod("a", "1", "Running");
        PutPod("b", "1", "Pending");

        await _recorder.SeenAsync("reconciled a", "reconciled b");
    }

    [Theory]
    [InlineData("labels")]
    [InlineData("annotations")]
    public async Task RunAsync_LabelOrAnnotationChanges_Reconciles(string field)
    {
        PutPod("a", "1", "Pending");
        Start();
        await _recorder.SeenAsync("reconciled a");

        var pod = Samples.Pod("a");
        pod["metadata"]![field] = new JsonObject { ["x"] = "y" };
        _server.Put(ResourceTypes.Pods, pod);

        await _recorder.SeenAsync("reconciled a", "reconciled a");
    }

    [Fact]
    public async Task RunAsync_ReconcileFails_IsTriedAgainUntilItWorks()
    {
        _recorder.Failures = 3;
        PutPod("a", "1", "Pending");

        Start();

        await _recorder.SeenAsync("failed a", "failed a", "failed a", "reconciled a");
    }

    [Fact]
    public async Task RunAsync_FinalizerInTheMiddle_RunsAndTakesOnlyItsOwnName()
    {
        var pod = Samples.Pod("a");
        pod["metadata"]!["finalizers"] = new JsonArray("other.io/first", "test.io/ours", "other.io/last");
        _server.Put(ResourceTypes.Pods, pod);
        _server.Delete(ResourceTypes.Pods, Samples.Default("a"));

        Start(new RecordingFinalizer(_recorder));

        await _recorder.SeenAsync("finalized a");
        await Eventually.HoldsAsync(() => Finalizers("a") is ["other.io/first", "other.io/last"]);
    }

    [Fact]
    public async Task RunAsync_NewEntity_GetsTheFinalizerAndIsHeldByIt()
    {
        PutPod("a", "1", "Pending");
        Start(new RecordingFinalizer(_recorder));
        await Eventually.HoldsAsync(() => Finalizers("a") is ["test.io/ours"]);

        _server.Delete(ResourceTypes.Pods, Samples.Default("a"));

        await Eventually.HoldsAsync(() => _server.Find(ResourceTypes.Pods, Samples.Default("a")) is null);
        await Eventually.HoldsAsync(() => _recorder.Seen.Contains("deleted a"));
        Assert.Contains("finalized a", _recorder.Seen);
    }

    [Fact]
    public async Task RunAsync_OwnedObjectChanges_ReconcilesItsOwner()
    {
        var pods = new Informer<Kept>(_client, Kept.View(ResourceTypes.Pods), ListScope.Everything, NullLogger.Instance);
        var maps = new Informer<Kept>(_client, Kept.ConfigMaps, ListScope.Everything, NullLogger.Instance);
        var owner = _server.Put(ResourceTypes.Pods, Samples.Pod("a"));
        using var controller = new Controller<Kept>(_client, pods, _recorder, new ControllerOptions("test"), NullLogger.Instance);
        controller.Owns(maps);
        _running = Task.WhenAll(pods.RunAsync(_stop.Token), maps.RunAsync(_stop.Token), controller.RunAsync(_stop.Token));
        await _recorder.SeenAsync("reconciled a");

        var map = Samples.ConfigMap("m");
        map["metadata"]!["ownerReferences"] = new JsonArray(new OwnerReference("v1", "Pod", "a", owner.Uid, true).ToJson());
        _server.Put(ResourceTypes.ConfigMaps, map);

        await _recorder.SeenAsync("reconciled a", "reconciled a");
    }

    private void Start(params IReadOnlyList<IEntityFinalizer<Kept>> finalizers)
    {
        var informer = new Informer<Kept>(_client, Kept.View(ResourceTypes.Pods), ListScope.Everything, NullLogger.Instance);
        var controller = new Controller<Kept>(_client, informer, _recorder, new ControllerOptions("test"), NullLogger.Instance, finalizers);
        _running = Task.WhenAll(informer.RunAsync(_stop.Token), controller.RunAsync(_stop.Token));
    }

    private void PutPod(string name, string image, string phase)
    {
        var pod = Samples.Pod(name);
        pod["spec"]!["containers"]![0]!["image"] = image;
        pod["status"] = new JsonObject { ["phase"] = phase };
        _server.Put(ResourceTypes.Pods, pod);
    }

    private string[] Finalizers(string pod) =>
        [.. (_server.Find(ResourceTypes.Pods, Samples.Default(pod))?["metadata"]?["finalizers"] as JsonArray ?? []).Select(name => name!.GetValue<string>())];

    private sealed class Recorder : IEntityController<Kept>
    {
        private int _failures;

        public ConcurrentQueue<string> Seen { get; } = new();
        public int Failures { set => _failures = value; }

        public Task<ReconciliationResult> ReconcileAsync(Kept entity, CancellationToken cancellationToken)
        {
            if (Interlocked.Decrement(ref _failures) >= 0)
            {
                Seen.Enqueue("failed " + entity.Metadata.Name);
                throw new InvalidOperationException("a fault of the test");
            }

            Seen.Enqueue("reconciled " + entity.Metadata.Name);
            return Task.FromResult(ReconciliationResult.Success);
        }

        public Task<ReconciliationResult> DeletedAsync(Kept entity, CancellationToken cancellationToken)
        {
            Seen.Enqueue("deleted " + entity.Metadata.Name);
            return Task.FromResult(ReconciliationResult.Success);
        }

        public async Task SeenAsync(params string[] expected)
        {
            await Eventually.HoldsAsync(() => Seen.Count >= expected.Length);
            Assert.Equal(expected, Seen);
        }
    }

    private sealed class RecordingFinalizer(Recorder recorder) : IEntityFinalizer<Kept>
    {
        public string Identifier => "test.io/ours";

        public Task<ReconciliationResult> FinalizeAsync(Kept entity, CancellationToken cancellationToken)
        {
            recorder.Seen.Enqueue("finalized " + entity.Metadata.Name);
            return Task.FromResult(ReconciliationResult.Success);
        }
    }
}
