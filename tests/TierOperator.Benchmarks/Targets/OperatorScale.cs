using System.Diagnostics;
using System.Runtime;
using System.Text.Json.Nodes;
using TierOperator.Benchmarks.Cluster;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Manager.Policies;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The operator's executable with many policies and pods, against an API server in this process, on the same cores.</summary>
internal sealed class OperatorScale : ITarget
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly string[] Beats = ["/leases", "/events"];

    public string Name => "operator";
    public string Description => "1,000 policies and 10,000 pods: cold start, writes in steady state, a change published, admissions, memory";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        ProgressLine.Say($"{Name}: filling the API server");
        await using var cluster = await BenchCluster.StartAsync(quick ? 100 : 1000);
        using var folder = new WorkFolder();
        await using var manager = new OperatorProcess(folder, cluster);
        await UntilAsync("all policies are reconciled", () => cluster.Policies.All(cluster.IsReconciled), manager, cancellation);
        var started = manager.Age;
        var early = Mebibytes(ProcessFigures.ResidentBytes(manager.Id));
        ProgressLine.Say($"{Name}: reconciled after {started.TotalSeconds:0.0} s; hearing {cluster.Pods:N0} sidecars");
        await UntilAsync("all sidecars were heard", () => cluster.Policies.All(cluster.IsProgrammed), manager, cancellation);
        var heard = manager.Age;
        var steady = await WritesInSteadyStateAsync(manager, cluster, quick, cancellation);
        var changes = await PublishAsync(cluster, quick ? 5 : 40, cancellation);
        ProgressLine.Say($"{Name}: admissions");
        var load = new AdmissionLoad(manager, cluster);
        await load.RunAsync(100, TimeSpan.FromSeconds(2), cancellation); // code that is compiled at its first use
        // The API server's large heap is in this process: its long collections would be counted as the operator's time.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        var admissions = await load.RunAsync(100, TimeSpan.FromSeconds(quick ? 2 : 20), cancellation);
        return
        [
            new Measurement(Name, $"cold start until {cluster.Policies.Count:N0} policies with {cluster.Pods:N0} pods are reconciled", started.TotalSeconds, "s").Under(60),
            new Measurement(Name, "the same until every sidecar was heard", heard.TotalSeconds, "s"),
            new Measurement(Name, "writes in steady state, every policy reconciled once more", steady, "").AtMost(0),
            new Measurement(Name, "a changed policy published, median", Series.Median(changes), "ms"),
            new Measurement(Name, "a changed policy published, slowest", changes.Max(), "ms").Under(500),
            new Measurement(Name, "injection at 100 admissions a second, median", admissions.Percentile(0.5).TotalMilliseconds, "ms"),
            new Measurement(Name, "injection at 100 admissions a second, p99", admissions.Percentile(0.99).TotalMilliseconds, "ms").Under(10),
            new Measurement(Name, "resident after the cold start", early, "MiB").Under(200),
            new Measurement(Name, "most that was ever resident", Mebibytes(ProcessFigures.PeakResidentBytes(manager.Id)), "MiB").Under(200),
        ];
    }

    // The Lease is renewed by whoever leads, and Events tell of what happened: neither says that something was put right.
    private static async Task<double> WritesInSteadyStateAsync(OperatorProcess manager, BenchCluster cluster, bool quick, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
        cluster.Server.ForgetCalls();
        var before = await manager.MetricAsync("tier_operator_reconciles_total", cancellation);
        foreach (var key in cluster.Policies) Touch(cluster, key);
        while (await manager.MetricAsync("tier_operator_reconciles_total", cancellation) < before + cluster.Policies.Count) await Task.Delay(100, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(quick ? 2 : 15), cancellation);
        var writes = cluster.Server.Calls.Where(call => call.IsWrite && !Array.Exists(Beats, beat => call.Path.Contains(beat, StringComparison.Ordinal))).ToList();
        foreach (var write in writes.Take(3)) ProgressLine.Say($"written: {write}");
        return writes.Count;
    }

    private static void Touch(BenchCluster cluster, Kubernetes.Objects.ObjectKey key)
    {
        var body = (JsonObject)cluster.Server.Find(PolicyCatalog.Type, key)!.DeepClone();
        body["metadata"]!["labels"] = new JsonObject { ["team"] = "another" };
        cluster.Server.Put(PolicyCatalog.Type, body);
    }

    private static async Task<List<double>> PublishAsync(BenchCluster cluster, int count, CancellationToken cancellation)
    {
        var took = new List<double>();
        for (var number = 0; number < count; number++)
        {
            var key = cluster.Policies[number * 7 % cluster.Policies.Count];
            var begin = Stopwatch.GetTimestamp();
            var revision = cluster.Change(key, 60 + number);
            while (!cluster.IsPublished(key, revision)) await Task.Delay(1, cancellation);
            took.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return took;
    }

    private async Task UntilAsync(string what, Func<bool> holds, OperatorProcess manager, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!holds())
        {
            manager.EnsureRuns();
            if (Stopwatch.GetElapsedTime(begin) > Patience) throw new TimeoutException($"{Name}: not within {Patience}: {what}");
            await Task.Delay(200, cancellation);
        }
    }

    private static double Mebibytes(long bytes) => bytes / 1024.0 / 1024.0;
}
