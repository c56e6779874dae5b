using System.Globalization;

namespace TierOperator.Benchmarks.Processes;

/// <summary>One run of redis-benchmark with one command: 50 connections, values of 1 KiB, 10,000 keys.</summary>
internal sealed record RedisBenchmark(double PerSecond, double P99Milliseconds, double ProcessorMicroseconds)
{
    /// <summary>Drives the server at a port; its processor time is read beside it, by its process id.</summary>
    public static async Task<RedisBenchmark> RunAsync(int port, int processId, string command, int pipeline, int requests, CancellationToken cancellation)
    {
        var before = ProcessFigures.ProcessorTime(processId);
        await using var process = new ChildProcess("redis-benchmark",
        [
            "-p", Text(port), "-t", command, "-d", "1024", "-c", "50", "-P", Text(pipeline), "-n", Text(requests), "-r", "10000", "--csv",
        ]);
        var output = await process.ReadToEndAsync(cancellation);
        var spent = ProcessFigures.ProcessorTime(processId) - before;
        return Parse(output, spent.TotalMicroseconds / requests);
    }

    private static RedisBenchmark Parse(string output, double microseconds)
    {
        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        var line = output.Split('\n').Last(text => text.StartsWith('"'));
        var fields = line.Trim().Split(',').Select(field => field.Trim('"')).ToArray();
        return new RedisBenchmark(double.Parse(fields[1], CultureInfo.InvariantCulture), double.Parse(fields[6], CultureInfo.InvariantCulture), microseconds);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
