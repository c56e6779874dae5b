using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks;

/// <summary>`tier-bench load`: a mix of reads and writes against a running sidecar, keys by Zipf's law or from a trace.</summary>
internal static class LoadCommand
{
    private static readonly Option<Uri> Url = new("--url") { Description = "the sidecar's API", DefaultValueFactory = _ => new Uri("http://127.0.0.1:7070"), CustomParser = OptionValues.ParseUrl };
    private static readonly Option<string?> Trace = new("--trace") { Description = "take keys from this trace (gzip of big-endian 32-bit integers); without a value the repository's web07 trace", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<double> Zipf = new("--zipf") { Description = "the exponent of Zipf's law; 0 is uniform", DefaultValueFactory = _ => 0.99 };
    private static readonly Option<long> Keys = new("--keys") { Description = "how many keys", DefaultValueFactory = _ => 100_000 };
    private static readonly Option<double> Reads = new("--reads") { Description = "share of operations that read; 0.9 by default, 1 with a trace" };
    private static readonly Option<bool> NoFill = new("--no-fill") { Description = "do not write a key that a read did not find" };
    private static readonly Option<int> ValueBytes = new("--value-bytes") { Description = "the size of each value, 1 MiB at most", DefaultValueFactory = _ => 1024 };
    private static readonly Option<int> Connections = new("--connections") { Description = "how many connections", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> SessionItems = new("--session-items") { Description = "how many keys share a session", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Prefix = new("--prefix") { Description = "what session ids begin with", DefaultValueFactory = _ => "s" };
    private static readonly Option<TimeSpan?> Duration = new("--duration") { Description = "stop after this time (30s, 2m); 30s where neither requests nor a trace end the run", CustomParser = OptionValues.ParseDuration };
    private static readonly Option<long?> Requests = new("--requests") { Description = "stop after this many operations" };
    private static readonly Option<double?> Rate = new("--rate") { Description = "operations a second, evenly paced; as fast as answers come by default" };

    public static Command Create(Option<string> output)
    {
        ValueBytes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1024 * 1024) result.AddError("--value-bytes takes 0 to 1048576");
        });
        var command = new Command("load", "drive a running sidecar over HTTP and print throughput, latencies and the share of each tier")
        {
            Url, Trace, Zipf, Keys, Reads, NoFill, ValueBytes, Connections, SessionItems, Prefix, Duration, Requests, Rate,
        };
        command.SetAction(async (arguments, cancellation) =>
        {
            var options = Read(arguments, out var expected);
            var runner = new LoadRunner(options);
            LoadResult result;
            await using (new ProgressLine("load", () => runner.Done, expected))
                result = await runner.RunAsync(cancellation);
            Write(result, arguments.GetValue(output) ?? Report.Table);
            return result.Operations > 0 && result.Errors.Count == 0 ? 0 : 1;
        });
        return command;
    }

    private static LoadOptions Read(ParseResult arguments, out long? expected)
    {
        var duration = arguments.GetValue(Duration);
        var requests = arguments.GetValue(Requests);
        TraceKeys? trace = null;
        if (arguments.GetResult(Trace) is { Implicit: false })
            trace = TraceKeys.Read(arguments.GetValue(Trace) ?? RepositoryRoot.DefaultTrace, repeat: duration is not null || requests is not null);
        else if (duration is null && requests is null)
            duration = TimeSpan.FromSeconds(30);
        expected = requests ?? (duration is null ? trace?.Count : null);
        return new LoadOptions
        {
            Url = arguments.GetValue(Url)!,
            Keys = trace ?? (IKeySource)new ZipfKeys(arguments.GetValue(Keys), arguments.GetValue(Zipf)),
            Reads = arguments.GetResult(Reads) is { Implicit: false } ? arguments.GetValue(Reads) : trace is null ? 0.9 : 1,
            FillMisses = !arguments.GetValue(NoFill),
            ValueBytes = arguments.GetValue(ValueBytes),
            Connections = arguments.GetValue(Connections),
            ItemsPerSession = arguments.GetValue(SessionItems),
            SessionPrefix = arguments.GetValue(Prefix)!,
            Duration = duration,
            Requests = requests,
            Rate = arguments.GetValue(Rate),
        };
    }

    private static void Write(LoadResult result, string format)
    {
        var rows = new List<(string Name, LatencyHistogram Latencies, double Share)>();
        if (result.Reads.Count > 0) rows.Add(("reads", result.Reads, result.Reads.Count / (double)result.Operations));
        foreach (var (source, latencies) in result.Sources) rows.Add(($"  from {source}", latencies, latencies.Count / (double)result.Reads.Count));
        if (result.Writes.Count > 0) rows.Add(("writes", result.Writes, result.Writes.Count / (double)result.Operations));
        if (format == Report.Json) WriteJson(result, rows);
        else WriteTable(result, rows);
    }

    private static void WriteJson(LoadResult result, List<(string Name, LatencyHistogram Latencies, double Share)> rows) =>
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            operations = result.Operations,
            seconds = result.Elapsed.TotalSeconds,
            perSecond = result.PerSecond,
            errors = result.Errors,
            rows = rows.Select(row => new
            {
                name = row.Name.Trim(),
                count = row.Latencies.Count,
                share = row.Share,
                p50Seconds = row.Latencies.Percentile(0.5).TotalSeconds,
                p99Seconds = row.Latencies.Percentile(0.99).TotalSeconds,
                p999Seconds = row.Latencies.Percentile(0.999).TotalSeconds,
            }),
        }));

    private static void WriteTable(LoadResult result, List<(string Name, LatencyHistogram Latencies, double Share)> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (var title in new[] { "count", "share", "p50 ms", "p99 ms", "p99.9 ms", "max ms" }) table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var (name, latencies, share) in rows)
            table.AddRow(
                name, $"{latencies.Count:N0}", $"{share:P1}", Milliseconds(latencies.Percentile(0.5)), Milliseconds(latencies.Percentile(0.99)),
                Milliseconds(latencies.Percentile(0.999)), Milliseconds(latencies.Max));
        Report.Print(table);
        Console.WriteLine($"{result.Operations:N0} operations in {result.Elapsed.TotalSeconds:N1} s: {result.PerSecond:N0} per second");
        foreach (var (status, count) in result.Errors)
            Console.WriteLine(status == 0 ? $"{count:N0} broken connections" : $"{count:N0} answers of status {status}");
    }

    private static string Milliseconds(TimeSpan latency) => $"{latency.TotalMilliseconds:N3}";
}
