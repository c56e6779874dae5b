using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>GET and SET by redis-benchmark against the sidecar and redis-server in turn, with and without pipelining.</summary>
internal sealed class RespRates(bool isDurable) : ITarget
{
    public string Name => isDurable ? "resp-disk" : "resp-memory";

    public string Description => isDurable
        ? "SET over the Redis protocol: ack Disk as a share of redis-server with appendfsync always"
        : "GET and SET over the Redis protocol: ack Memory as a share of redis-server without persistence";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        var policy = isDurable ? new BenchPolicy() : new BenchPolicy { MemoryCapacity = "1Gi", SpilloverCapacity = null };
        await using var sidecar = await SidecarProcess.StartAsync(folder, policy, cancellation);
        await using var redis = await RedisProcess.StartAsync(folder, isDurable, cancellation);
        var measurements = new List<Measurement>();
        foreach (var pipeline in (int[])[16, 1])
            foreach (var command in isDurable ? (string[])["set"] : ["set", "get"])
                measurements.AddRange(await CompareAsync(sidecar, redis, new Load(command, pipeline, quick), cancellation));
        return measurements;
    }

    private sealed record Load(string Command, int Pipeline, bool Quick);

    private async Task<IReadOnlyList<Measurement>> CompareAsync(SidecarProcess sidecar, RedisProcess redis, Load load, CancellationToken cancellation)
    {
        var requests = (load.Pipeline > 1 ? 1_000_000 : 200_000) / (isDurable ? 4 : 1) / (load.Quick ? 10 : 1);
        var (ours, theirs) = (new List<RedisBenchmark>(), new List<RedisBenchmark>());
        // Round 0 warms both up.
        for (var round = 0; round <= (load.Quick ? 1 : 3); round++)
        {
            ProgressLine.Say($"{Name}: {load.Command} -P {load.Pipeline}, round {round}");
            var reference = await RedisBenchmark.RunAsync(redis.Port, redis.Id, load.Command, load.Pipeline, requests, cancellation);
            var own = await RedisBenchmark.RunAsync(sidecar.RespPort, sidecar.Id, load.Command, load.Pipeline, requests, cancellation);
            if (round == 0) continue;
            theirs.Add(reference);
            ours.Add(own);
        }

        return Judge($"{load.Command} -P {load.Pipeline}", load.Pipeline, ours, theirs);
    }

    private IReadOnlyList<Measurement> Judge(string what, int pipeline, List<RedisBenchmark> ours, List<RedisBenchmark> theirs)
    {
        double Ratio(Func<RedisBenchmark, double> of) => Series.Median(ours.Select(of)) / Series.Median(theirs.Select(of));

        var rate = new Measurement(Name, $"{what}: rate, sidecar to redis-server", Ratio(run => run.PerSecond), "");
        var processor = new Measurement(Name, $"{what}: processor time a request, sidecar to redis-server", Ratio(run => run.ProcessorMicroseconds), "");
        return
        [
            new(Name, $"{what}: sidecar", Series.Median(ours.Select(run => run.PerSecond)), "requests/s"),
            new(Name, $"{what}: redis-server", Series.Median(theirs.Select(run => run.PerSecond)), "requests/s"),
            rate.AtLeast(isDurable ? 1.0 : pipeline > 1 ? 1.2 : 0.9),
            new Measurement(Name, $"{what}: p99, sidecar to redis-server", Ratio(run => run.P99Milliseconds), "").AtMost(1.5),
            isDurable ? processor : processor.AtMost(1),
        ];
    }
}
