using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A miss that is stored, beside bare YARP before the same origin: every request asks for a URL that nobody has asked for.</summary>
internal sealed class CacheMiss : ITarget
{
    private const string Script = """
        local count, run = 0, os.time()
        request = function() count = count + 1; return wrk.format("GET", "/miss/" .. run .. "/" .. count) end
        """;

    public string Name => "cache-miss";
    public string Description => "latency of a miss of 1 KiB on a route (wrk -t1, distinct URLs), beside bare YARP";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var origin = await ReferenceServer.StartBareAsync(cancellation);
        await using var yarp = await ReferenceServer.StartProxyAsync(origin.Url, cancellation);
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy { SpilloverCapacity = null, Routes = CacheHit.RouteTo(origin.Url) }, cancellation);
        var script = folder.File("miss.lua");
        await File.WriteAllTextAsync(script, Script, cancellation);
        var measured = new List<Measurement>();
        foreach (var connections in new[] { 1, 16 }) measured.AddRange(await CompareAsync(yarp.Url, sidecar.Api, new Load(script, connections, quick), cancellation));
        return measured;
    }

    private async Task<List<Measurement>> CompareAsync(Uri yarp, Uri sidecar, Load load, CancellationToken cancellation)
    {
        var (theirs, ours) = (new List<Wrk>(), new List<Wrk>());
        // Round 0 warms both up, for as long as they compile: a profile of shorter ones shows two fifths of the time in the compiler.
        for (var round = 0; round <= load.Rounds; round++)
        {
            ProgressLine.Say($"{Name}: {load.Connections} connections, round {round} of {load.Rounds}");
            var duration = round == 0 ? load.WarmUp : load.Duration;
            var reference = await Wrk.RunAsync(yarp, duration, load.Connections, load.Script, cancellation);
            var miss = await Wrk.RunAsync(sidecar, duration, load.Connections, load.Script, cancellation);
            if (round == 0) continue;
            theirs.Add(reference);
            ours.Add(miss);
        }

        var (reached, asked) = (Median(ours), Median(theirs));
        return
        [
            new(Name, $"bare YARP, median, {load.Connections} at once", asked, "ms"),
            new(Name, $"sidecar, median, {load.Connections} at once", reached, "ms"),
            new Measurement(Name, $"sidecar to bare YARP, {load.Connections} at once", reached / asked, "").AtMost(1.15),
        ];
    }

    private static double Median(List<Wrk> runs) => Series.Median(runs.Select(run => run.P50.TotalMilliseconds));

    private sealed record Load(string Script, int Connections, bool IsQuick)
    {
        public int Rounds => IsQuick ? 2 : 3;
        public TimeSpan WarmUp => TimeSpan.FromSeconds(IsQuick ? 4 : 12);
        public TimeSpan Duration => TimeSpan.FromSeconds(IsQuick ? 2 : 4);
    }
}
