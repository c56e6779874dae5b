using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;

namespace TierOperator.Kubernetes.Controllers;

public sealed class FinalizerRunnerTests : IAsyncLifetime
{
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _client = new KubeClient(_server.Connection);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(409, "Conflict")]
    [InlineData(422, "Invalid")]
    public async Task RunAsync_OthersChangeTheListMeanwhile_LooksAgain(int status, string reason)
    {
        var pod = Terminating("other.io/one", "test.io/ours");
        _server.Faults.Next(call => call.Method == "PATCH", ServerFault.Answer(status, reason), times: 2);

        var result = await RunAsync(pod, default);

        Assert.True(result.IsSuccess);
        Assert.Equal("""["other.io/one"]""", _server.Find(ResourceTypes.Pods, Samples.Default("a"))!["metadata"]!["finalizers"]!.ToJsonString());
    }

    [Fact]
    public async Task RunAsync_CancelledOnceTheWorkIsDone_StillTakesItOff()
    {
        var pod = Terminating("test.io/ours");
        using var stop = new CancellationTokenSource();

        await RunAsync(pod, stop.Token, stop.Cancel);

        Assert.Null(_server.Find(ResourceTypes.Pods, Samples.Default("a")));
    }

    [Fact]
    public async Task RunAsync_WorkIsNotDone_Stays()
    {
        var pod = Terminating("test.io/ours");
        var runner = new FinalizerRunner<Kept>(_client, ResourceTypes.Pods, [new Finalizer(ReconciliationResult.Failure, () => { })]);

        var result = await runner.RunAsync(pod, default);

        Assert.False(result.IsSuccess);
        Assert.NotNull(_server.Find(ResourceTypes.Pods, Samples.Default("a")));
    }

    [Fact]
    public async Task AddMissingAsync_AnotherObjectOfTheName_IsLeftAlone()
    {
        _server.Put(ResourceTypes.Pods, Samples.Pod("a"));
        var former = new Kept(new ObjectMeta { Name = "a", Namespace = "default", Uid = "former" }, null);
        var runner = new FinalizerRunner<Kept>(_client, ResourceTypes.Pods, [new Finalizer(ReconciliationResult.Success, () => { })]);

        await runner.AddMissingAsync(former, default);

        Assert.Null(_server.Find(ResourceTypes.Pods, Samples.Default("a"))!["metadata"]!["finalizers"]);
    }

    private Task<ReconciliationResult> RunAsync(Kept pod, CancellationToken cancellationToken, Action? then = null) =>
        new FinalizerRunner<Kept>(_client, ResourceTypes.Pods, [new Finalizer(ReconciliationResult.Success, then ?? (() => { }))]).RunAsync(pod, cancellationToken);

    private Kept Terminating(params string[] finalizers)
    {
        var pod = Samples.Pod("a");
        pod["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]);
        _server.Put(ResourceTypes.Pods, pod);
        _server.Delete(ResourceTypes.Pods, Samples.Default("a"));
        var body = JsonSerializer.SerializeToElement<JsonNode>(_server.Find(ResourceTypes.Pods, Samples.Default("a"))!);
        return new Kept(ObjectMeta.Read(body), null);
    }

    private sealed class Finalizer(ReconciliationResult result, Action then) : IEntityFinalizer<Kept>
    {
        public string Identifier => "test.io/ours";

        public Task<ReconciliationResult> FinalizeAsync(Kept entity, CancellationToken cancellationToken)
        {
            then();
            return Task.FromResult(result);
        }
    }
}
