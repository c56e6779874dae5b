using System.Diagnostics;
using TierOperator.Benchmarks.Reporting;
using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Writes of 1 KiB under Behind over Redis and PostgreSQL, beside the same writes with no remote tier; and what the sync costs.</summary>
internal sealed class SharedWrites : ITarget
{
    private const int Sessions = 10_000;
    private const int Writers = 4;
    private const int PacedPerSecond = 1_000;
    private static readonly byte[] s_value = RandomContent(1024);

    public string Name => "shared-behind";
    public string Description => "writes of 1 KiB under Behind over Redis and PostgreSQL, to the same with no remote tier";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var postgres = await PostgresServer.StartAsync(new PostgresServerOptions { Fsync = true });
        var duration = TimeSpan.FromSeconds(quick ? 6 : 60);
        double alone;
        await using (var local = new SharedEngine("write: Through, ack: Disk"))
            alone = (await RunAsync(local, duration / 3, perSecond: 0)).PerSecond;
        await using var engine = new SharedEngine("write: Behind, ack: Disk", redis: redis, postgres: postgres);
        await engine.ReadyAsync(cancellation);
        ProgressLine.Say($"{Name}: behind, {duration.TotalSeconds} s");
        var (behind, _) = await RunAsync(engine, duration, perSecond: 0);
        var paced = await PacedAsync(engine, duration / 3, cancellation);
        double idle;
        await using (var local = new SharedEngine("write: Through, ack: Disk")) idle = (await RunAsync(local, duration / 3, PacedPerSecond)).Cores;
        return
        [
            new(Name, "with no remote tier", alone, "writes/s"),
            new(Name, "Behind, over Redis and PostgreSQL", behind, "writes/s"),
            new Measurement(Name, "Behind to no remote tier", behind / alone, "").AtLeast(0.7),
            new Measurement(Name, "backlog after writes at 1,000 a second, whole batches waiting left out", paced.Backlog, "sessions").AtMost(2 * PacedPerSecond),
            new Measurement(Name, "processor time of the sync at 1,000 writes a second", paced.Cores - idle, "cores").Under(0.05),
        ];
    }

    private static async Task<(double Cores, long Backlog)> PacedAsync(SharedEngine engine, TimeSpan duration, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await engine.Engine.FlushAsync(patience.Token);
        var (_, cores) = await RunAsync(engine, duration, PacedPerSecond);
        return (cores, engine.Backlog);
    }

    /// <param name="perSecond">0: as fast as it goes.</param>
    private static async Task<(double PerSecond, double Cores)> RunAsync(SharedEngine engine, TimeSpan duration, int perSecond)
    {
        var (started, done) = (Stopwatch.GetTimestamp(), 0L);
        var before = Environment.CpuUsage.TotalTime;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var count = 0L;
            for (var i = writer; Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < duration; i = (i + 7919) % Sessions, count++)
            {
                if (perSecond > 0 && count * Writers > perSecond * elapsed.TotalSeconds) await Task.Delay(10);
                var outcome = await engine.PutAsync(i, s_value);
                if (!outcome.Succeeded) throw new InvalidOperationException($"a write was {outcome.Status}: {outcome.Detail}");
            }

            Interlocked.Add(ref done, count);
        })));
        var took = Stopwatch.GetElapsedTime(started);
        return (done / took.TotalSeconds, (Environment.CpuUsage.TotalTime - before) / took);
    }

    private static byte[] RandomContent(int bytes)
    {
        var value = new byte[bytes];
        new Random(1).NextBytes(value);
        return value;
    }
}
