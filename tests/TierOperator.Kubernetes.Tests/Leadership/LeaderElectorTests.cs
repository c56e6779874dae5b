using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;

namespace TierOperator.Kubernetes.Leadership;

public sealed class LeaderElectorTests : IAsyncLifetime
{
    private static readonly ObjectKey Lease = new("default", "leader");
    private readonly CancellationTokenSource _stop = new();
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _client = new KubeClient(_server.Connection);
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_TwoCandidates_OneLeadsAndTheOtherFollowsWhenItStops()
    {
        var (one, other) = (Elector("one"), Elector("other"));
        using var stopOne = new CancellationTokenSource();
        var first = one.RunAsync(UntilCancelled, stopOne.Token);
        await Eventually.HoldsAsync(() => one.IsLeader);
        var second = other.RunAsync(UntilCancelled, _stop.Token);
        await Eventually.HoldsAsync(() => other.Holder == "one");

        await stopOne.CancelAsync();

        Assert.True(await first);
        await Eventually.HoldsAsync(() => other.IsLeader);
        Assert.False(one.IsLeader);
        await _stop.CancelAsync();
        Assert.True(await second);
        Assert.Equal("", _server.Find(ResourceTypes.Leases, Lease)!["spec"]!["holderIdentity"]!.GetValue<string>());
    }

    [Fact]
    public async Task RunAsync_ServerIsAwayPastTheDeadline_LeadershipEndsByItself()
    {
        var elector = Elector("one");
        var workEnded = new TaskCompletionSource();
        var running = elector.RunAsync(
            async token =>
            {
                await UntilCancelled(token);
                workEnded.SetResult();
            },
            _stop.Token);
        await Eventually.HoldsAsync(() => elector.IsLeader);

        _server.Faults.Next(_ => true, new ServerFault(FaultKind.Silence), times: int.MaxValue);

        Assert.False(await running);
        Assert.True(workEnded.Task.IsCompleted);
        Assert.False(elector.IsLeader);
    }

    [Fact]
    public async Task RunAsync_RenewalsFailForAWhile_GoesOnLeading()
    {
        var elector = Elector("one");
        var running = elector.RunAsync(UntilCancelled, _stop.Token);
        await Eventually.HoldsAsync(() => elector.IsLeader);
        _server.Faults.Next(call => call.Method == "PUT", ServerFault.Answer(500, "InternalError"), times: 3);
        var before = _server.Calls.Count(call => call.Method == "PUT");

        await Eventually.HoldsAsync(() => _server.Calls.Count(call => call.Method == "PUT") > before + 4);

        Assert.True(elector.IsLeader);
        await _stop.CancelAsync();
        Assert.True(await running);
    }

    [Fact]
    public async Task RunAsync_AnotherTakesTheLease_StopsLeading()
    {
        var elector = Elector("one");
        var running = elector.RunAsync(UntilCancelled, _stop.Token);
        await Eventually.HoldsAsync(() => elector.IsLeader);

        var lease = (System.Text.Json.Nodes.JsonObject)_server.Find(ResourceTypes.Leases, Lease)!.DeepClone();
        lease["spec"]!["holderIdentity"] = "other";
        ((System.Text.Json.Nodes.JsonObject)lease["metadata"]!).Remove("resourceVersion");
        _server.Put(ResourceTypes.Leases, lease);

        Assert.False(await running);
    }

    [Fact]
    public async Task RunAsync_Lease_IsWrittenWithSixDigits()
    {
        var elector = Elector("one");
        var running = elector.RunAsync(UntilCancelled, _stop.Token);
        await Eventually.HoldsAsync(() => elector.IsLeader);

        var spec = _server.Find(ResourceTypes.Leases, Lease)!["spec"]!;

        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", spec["renewTime"]!.GetValue<string>());
        await _stop.CancelAsync();
        await running;
    }

    private LeaderElector Elector(string identity) => new(
        _client,
        new LeaderElectionOptions(Lease.Namespace, Lease.Name, identity)
        {
            LeaseDuration = TimeSpan.FromSeconds(3), RenewDeadline = TimeSpan.FromSeconds(2), RetryPeriod = TimeSpan.FromMilliseconds(50),
        },
        NullLogger.Instance);

    private static async Task UntilCancelled(CancellationToken cancellationToken) =>
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
