using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Controllers;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A controller whose watch is cut every second while objects change: what it misses, and what it does twice.</summary>
internal sealed class WatchCuts : ITarget
{
    private const int Objects = 1000;
    private const int ChangesPerRound = 20;

    public string Name => "operator-watch";
    public string Description => "a watch that is cut every second for a minute: events missed, unchanged objects reconciled";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var server = await FakeApiServer.StartAsync();
        for (var number = 0; number < Objects; number++) server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap($"object-{number}"));
        using var client = new KubeClient(server.Connection);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var informer = new Informer<RawObject>(client, RawObject.View(ResourceTypes.ConfigMaps), ListScope.Everything, NullLogger.Instance);
        var seen = new Recorder();
        using var controller = new Controller<RawObject>(client, informer, seen, new ControllerOptions("bench"), NullLogger.Instance);
        var running = Task.WhenAll(informer.RunAsync(stop.Token), controller.RunAsync(stop.Token));
        await seen.UntilAsync(() => seen.Keys == Objects, cancellation);
        var cuts = await CutAsync(server, quick ? 5 : 60, cancellation);
        await seen.UntilAsync(() => Missing(server, seen) == 0, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
        var missed = Missing(server, seen);
        await stop.CancelAsync();
        await running;
        return
        [
            new Measurement(Name, "cuts of the watch", cuts, ""),
            new Measurement(Name, "changes made meanwhile", cuts * ChangesPerRound, ""),
            new Measurement(Name, "objects whose last change was missed", missed, "").AtMost(0),
            new Measurement(Name, "reconciliations of an object that had not changed", seen.Repeated, "").AtMost(0),
        ];
    }

    private static async Task<int> CutAsync(FakeApiServer server, int seconds, CancellationToken cancellation)
    {
        for (var second = 0; second < seconds; second++)
        {
            for (var change = 0; change < ChangesPerRound; change++)
            {
                server.Put(ResourceTypes.ConfigMaps, Samples.ConfigMap($"object-{Random.Shared.Next(Objects)}", $"{second}.{change}"));
                if (change == ChangesPerRound / 2) server.Faults.CutWatches();
            }

            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }

        return seconds;
    }

    private static int Missing(FakeApiServer server, Recorder seen) => server.All(ResourceTypes.ConfigMaps).Count(item => !seen.HasSeen(item));

    /// <summary>Remembers of every object which versions were reconciled.</summary>
    private sealed class Recorder : IEntityController<RawObject>
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
        private readonly ConcurrentDictionary<ObjectKey, string> last = new();
        private int repeated;

        public int Keys => last.Count;
        public int Repeated => repeated;

        public Task<ReconciliationResult> ReconcileAsync(RawObject entity, CancellationToken cancellationToken)
        {
            if (last.TryGetValue(entity.Metadata.Key, out var before) && before == entity.Metadata.ResourceVersion) Interlocked.Increment(ref repeated);
            last[entity.Metadata.Key] = entity.Metadata.ResourceVersion;
            return Task.FromResult(ReconciliationResult.Success);
        }

        public Task<ReconciliationResult> DeletedAsync(RawObject entity, CancellationToken cancellationToken) => Task.FromResult(ReconciliationResult.Success);

        public bool HasSeen(JsonObject item) =>
            last.GetValueOrDefault(new ObjectKey("default", item["metadata"]!["name"]!.GetValue<string>())) == item["metadata"]!["resourceVersion"]!.GetValue<string>();

        public async Task UntilAsync(Func<bool> holds, CancellationToken cancellation)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            while (!holds() && !patience.IsCancellationRequested) await Task.Delay(50, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
