using System.Diagnostics;
using System.Text;
using TierOperator.Benchmarks.Reporting;
using TierOperator.TestKit.Postgres;
using TierOperator.Tiering;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>
/// How fast a backlog of new sessions goes into PostgreSQL, beside a bare COPY of the very rows that it left there, into tables
/// of the same form with the same indexes. Both over two connections, fsync on, in turn.
/// </summary>
internal sealed class PostgresDrain : ITarget
{
    private const int ValueBytes = 1024;
    private const int Connections = 2;
    private const int BatchSize = 500;
    private const int WarmUps = 4;
    private const int Rounds = 5;

    public string Name => "postgres";
    public string Description => "sessions of 1 KiB drained into PostgreSQL, to a bare COPY of the same rows";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { Fsync = true, Settings = new Dictionary<string, string> { ["shared_buffers"] = "256MB", ["max_wal_size"] = "4GB" } });
        var count = quick ? 5_000 : 40_000;
        var (drained, copied) = await RoundsAsync(server, count, isJson: false, cancellation);
        var (drainedJson, copiedJson) = await RoundsAsync(server, count, isJson: true, cancellation);
        return
        [
            new Measurement(Name, "drained", Series.Median(drained), "sessions/s"),
            new Measurement(Name, "bare COPY of the same rows", Series.Median(copied), "sessions/s"),
            new Measurement(Name, "drained to COPY", Ratio(drained, copied), "").AtLeast(0.5),
            new Measurement(Name, "drained to COPY, JSON values with their queryable form", Ratio(drainedJson, copiedJson), ""),
        ];
    }

    /// <summary>
    /// Drains and copies in turn. The first rounds warm up: for some ten seconds the runtime's compiler takes one of the cores that
    /// the server needs, most of which falls to the drain.
    /// </summary>
    private async Task<(List<double> Drained, List<double> Copied)> RoundsAsync(PostgresServer server, int count, bool isJson, CancellationToken cancellation)
    {
        var (drained, copied) = (new List<double>(), new List<double>());
        for (var round = 1 - WarmUps; round <= Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            ProgressLine.Say($"{Name}: round {round} of {Rounds}, {count:N0} {(isJson ? "JSON " : "")}sessions");
            await using var tables = new BenchTables(server, $"bench{(isJson ? "json" : "")}{round + WarmUps}");
            var (drain, copy) = (count / await DrainAsync(tables, count, isJson), count / await tables.CopyAsync(Connections));
            if (round < 1) continue;
            drained.Add(drain);
            copied.Add(copy);
        }

        return (drained, copied);
    }

    private static double Ratio(List<double> drained, List<double> copied) => Series.Median(drained.Zip(copied, static (drain, copy) => drain / copy));

    private static async Task<double> DrainAsync(BenchTables tables, int count, bool isJson)
    {
        await using var tier = tables.Open(Connections);
        await tier.ReadItemAsync(Encoding.UTF8.GetBytes("warm"), Encoding.UTF8.GetBytes("up"), CancellationToken.None);
        var batches = Enumerable.Range(0, count).Chunk(BatchSize).Select(part => part.Select(at => Change(at, isJson)).ToArray()).ToArray();
        var next = -1;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            for (var at = Interlocked.Increment(ref next); at < batches.Length; at = Interlocked.Increment(ref next))
                foreach (var result in await tier.ApplyAsync(batches[at], CancellationToken.None))
                    if (result.Status != RemoteStatus.Applied) throw new InvalidOperationException($"a change was {result.Status}: {result.Detail}");
        })));
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static RemoteChange Change(int at, bool isJson)
    {
        var version = new ItemVersion(((ulong)BenchTables.NowMs << 16) + (ulong)at, 1);
        var bytes = new byte[ValueBytes];
        new Random(at).NextBytes(bytes);
        var value = isJson ? Encoding.UTF8.GetBytes($$"""{"user":"user{{at}}","data":"{{Convert.ToBase64String(bytes)[..(ValueBytes - 40)]}}"}""") : bytes;
        return new RemoteChange(Encoding.UTF8.GetBytes($"session:{at * 7919L % 100_003:000000}:{at}"))
        {
            Header = new SessionHeader { Rule = "default", CreatedMs = BenchTables.NowMs, LastAccessMs = BenchTables.NowMs, DeadlineMs = BenchTables.NowMs + 86_400_000 },
            ExpiresMs = BenchTables.NowMs + 86_400_000, Newest = version, IsWhole = true, DataCategory = BenchTables.Category,
            Puts = [new ItemSnapshot(Encoding.UTF8.GetBytes("data"), isJson ? "application/json" : "application/octet-stream", version, ItemValue.From(value))],
        };
    }
}
