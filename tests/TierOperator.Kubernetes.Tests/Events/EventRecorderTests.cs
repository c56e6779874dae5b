using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Faults;
using TierOperator.TestKit;

namespace TierOperator.Kubernetes.Events;

public sealed class EventRecorderTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualTime _time = new();
    private FakeApiServer _server = null!;
    private KubeClient _client = null!;
    private EventRecorder _recorder = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        _client = new KubeClient(_server.Connection, time: _time);
        _recorder = new EventRecorder(_client, "tieroperator.io/test", "pod-1", NullLogger.Instance);
        _running = _recorder.RunAsync(_stop.Token);
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
    public async Task Record_Event_IsWrittenAboutItsObject()
    {
        _recorder.Record(Happened("It works"));

        await Eventually.HoldsAsync(() => _server.All(ResourceTypes.Events).Count == 1);
        var written = _server.All(ResourceTypes.Events)[0];
        Assert.Equal("It works", written["note"]!.GetValue<string>());
        Assert.Equal("a", written["regarding"]!["name"]!.GetValue<string>());
        Assert.Equal("2026-01-01T00:00:00.000000Z", written["eventTime"]!.GetValue<string>());
    }

    [Fact]
    public async Task Record_MoreThanTheServerTakes_IsDroppedAndNobodyWaits()
    {
        _server.Faults.Next(call => call.IsWrite, new ServerFault(FaultKind.Silence), times: int.MaxValue);
        var started = System.Diagnostics.Stopwatch.StartNew();

        for (var number = 0; number < 100_000; number++) _recorder.Record(Happened($"Event {number}"));

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(20), $"{started.Elapsed}");
        Assert.True(_recorder.Waiting <= 1000, $"{_recorder.Waiting} wait");
    }

    [Fact]
    public async Task Record_SameAgain_IsCountedInOneEvent()
    {
        _recorder.Record(Happened("It fails"));
        _recorder.Record(Happened("It fails"));
        _recorder.Record(Happened("Another"));
        await Eventually.HoldsAsync(() => _server.All(ResourceTypes.Events).Count == 2);
        _time.Advance(TimeSpan.FromMinutes(2));

        _recorder.Record(Happened("It fails"));

        await Eventually.HoldsAsync(() => _server.All(ResourceTypes.Events).Any(written => written["series"] is not null));
        var counted = Assert.Single(_server.All(ResourceTypes.Events), written => written["note"]!.GetValue<string>() == "It fails");
        Assert.Equal(3, counted["series"]!["count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Record_LongMessage_IsCutToWhatTheServerTakes()
    {
        _recorder.Record(Happened(new string('ü', 1000)));

        await Eventually.HoldsAsync(() => _server.All(ResourceTypes.Events).Count == 1);
        var note = _server.All(ResourceTypes.Events)[0]["note"]!.GetValue<string>();
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(note), 1000, 1024);
        Assert.EndsWith("…", note, StringComparison.Ordinal);
    }

    private static KubeEvent Happened(string message) => new(
        ResourceTypes.Pods, new ObjectMeta { Name = "a", Namespace = "default", Uid = "1" }, EventKind.Normal, "Tested", message);
}
