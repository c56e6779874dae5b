using System.Diagnostics;
using System.Text;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Postgres;
using TierOperator.Tiering;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>What a read, an upsert and a retention run cost with 100,000 sessions in the tables, and with 2,000,000.</summary>
internal sealed class PostgresScale : ITarget
{
    private const int Reads = 3000;
    private const int Upserts = 10_000;
    private const int Retained = 1000;
    private const long MillisecondsPerHour = 3_600_000;

    public string Name => "postgres-scale";
    public string Description => "read, upsert and retention with 100,000 and with 2,000,000 sessions of 256 bytes";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { Fsync = true, Settings = new Dictionary<string, string> { ["shared_buffers"] = "1GB", ["max_wal_size"] = "8GB" } });
        await using var tables = new BenchTables(server, "bench");
        await using var tier = tables.Open(1);
        await tier.ReadItemAsync(KeyOf(0), Item, cancellation);
        var (few, many) = quick ? (10_000, 40_000) : (100_000, 2_000_000);
        var small = await MeasureAsync(tables, tier, 0, few);
        var large = await MeasureAsync(tables, tier, few, many);
        return
        [
            .. small.Report(Name), .. large.Report(Name),
            new Measurement(Name, "read, large to small", large.ReadMs / small.ReadMs, "").AtMost(1.5),
            new Measurement(Name, "upsert, large to small", large.UpsertUs / small.UpsertUs, "").AtMost(1.5),
            new Measurement(Name, "retention by age, large to small", large.AgeMs / small.AgeMs, "").AtMost(1.5),
            new Measurement(Name, "retention by count, large to small", large.CountMs / small.CountMs, "").AtMost(1.5),
        ];
    }

    private static byte[] Item { get; } = "data"u8.ToArray();

    private async Task<Costs> MeasureAsync(BenchTables tables, PostgresTier tier, int from, int to)
    {
        ProgressLine.Say($"{Name}: filling up to {to:N0} sessions");
        await FillAsync(tables, from, to);
        ProgressLine.Say($"{Name}: measuring at {to:N0} sessions");
        await ReadsAsync(tier, to, Reads / 3); // the caches' state is the same for both sizes: warmed by as many reads
        var read = await ReadsAsync(tier, to, Reads);
        var upsert = await UpsertsAsync(tier, to);
        var byAge = new CompiledRetention { DataCategory = BenchTables.Category, Action = RetentionAction.Delete, After = TimeSpan.FromDays(300) };
        var stays = (to / 2) - (from == 0 ? 0 : 2 * Retained) - (2 * Retained); // of the even half, what earlier runs and the one by age have left
        return new Costs(to, read, upsert, await RetainAsync(tier, byAge), await RetainAsync(tier, byAge with { After = null, MaxCount = stays }));
    }

    // Two categories; in the one that is measured, a thousand sessions are a year old, whatever the number of the others.
    private static async Task FillAsync(BenchTables tables, int from, int to)
    {
        await tables.RunAsync($$"""
            INSERT INTO {schema}.session (namespace, policy, lookup, rule, created_ms, accessed_ms, deadline_ms, fixed_deadline, accesses,
                floor, deleted, newest, expires_ms, category, written_hour, expires_hour, items, bytes)
            SELECT 'bench', 'bench', ('session:' || n)::bytea, 'default', 0, ms, {{long.MaxValue}}, false, 0, z, z,
                (lpad(to_hex(ms), 12, '0') || '00000000000000000000')::uuid, {{long.MaxValue}},
                CASE WHEN n % 2 = 0 THEN 'bench' ELSE 'other' END, ms / {{MillisecondsPerHour}}, 2147483647, 1, 256
            FROM (SELECT n, z, {{BenchTables.NowMs}} - CASE WHEN n % 2 = 0 AND n < {{from + (2 * Retained)}} THEN 8760 ELSE n % 700 END * {{MillisecondsPerHour}}::bigint AS ms
                  FROM generate_series({{from}}, {{to - 1}}) n, (VALUES ('00000000-0000-0000-0000-000000000000'::uuid)) AS v(z)) t;
            INSERT INTO {schema}.item (session_id, lookup, version, removed, content_type, codec, length, value)
            SELECT s.id, 'data'::bytea, s.newest, false, 'application/octet-stream', 0, 256, decode(repeat(md5(s.id::text), 16), 'hex')
            FROM {schema}.session s WHERE NOT EXISTS (SELECT FROM {schema}.item i WHERE i.session_id = s.id);
            INSERT INTO {schema}.category_change (namespace, policy, category, sessions, bytes) VALUES ('bench', 'bench', 'bench', {{(to - from) / 2}}, {{(to - from) / 2 * 256L}});
            """);
        await tables.RunAsync("ANALYZE {schema}.session");
        await tables.RunAsync("ANALYZE {schema}.item");
        await tables.RunAsync("CHECKPOINT");
    }

    private static async Task<double> ReadsAsync(PostgresTier tier, int sessions, int count)
    {
        var (random, times) = (new Random(count), new List<double>());
        for (var at = 0; at < count; at++)
        {
            var begin = Stopwatch.GetTimestamp();
            var read = await tier.ReadItemAsync(KeyOf((random.Next(sessions / 2) * 2) + 1), Item, CancellationToken.None);
            if (read.Status != RemoteReadStatus.Found) throw new InvalidOperationException($"a read was {read.Status}: {tier.State}");
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return Series.Median(times);
    }

    private static async Task<double> UpsertsAsync(PostgresTier tier, int sessions)
    {
        var random = new Random(sessions);
        var batches = Enumerable.Range(0, Upserts).Select(_ => (random.Next(sessions / 2) * 2) + 1).Distinct().Chunk(500).Select(part => part.Select(key => Upsert(key, sessions)).ToArray()).ToArray();
        var times = new List<double>();
        foreach (var batch in batches)
        {
            var begin = Stopwatch.GetTimestamp();
            foreach (var result in await tier.ApplyAsync(batch, CancellationToken.None))
                if (result.Status != RemoteStatus.Applied) throw new InvalidOperationException($"an upsert was {result.Status}: {result.Detail}");
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds / batch.Length);
        }

        return Series.Median(times);
    }

    private static async Task<double> RetainAsync(PostgresTier tier, CompiledRetention entry)
    {
        var begin = Stopwatch.GetTimestamp();
        var report = await tier.RunRetentionAsync([entry], dryRun: false, null, CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        var taken = report.Entries[0].Sessions.Count;
        if (taken != Retained || report.Entries[0].Skipped is not null) throw new InvalidOperationException($"retention took {taken}: {report.Entries[0].Skipped}");
        return elapsed / taken;
    }

    private static RemoteChange Upsert(int at, int round)
    {
        var version = new ItemVersion((ulong)(BenchTables.NowMs + MillisecondsPerHour + round) << 16, 2);
        var value = new byte[256];
        new Random(at).NextBytes(value);
        return new RemoteChange(KeyOf(at))
        {
            Header = new SessionHeader { Rule = "default", CreatedMs = 0, LastAccessMs = BenchTables.NowMs, DeadlineMs = long.MaxValue },
            ExpiresMs = long.MaxValue, Newest = version, DataCategory = "other",
            Puts = [new ItemSnapshot(Item, "application/octet-stream", version, ItemValue.From(value))],
        };
    }

    private static byte[] KeyOf(int at) => Encoding.UTF8.GetBytes($"session:{at}");

    private sealed record Costs(int Sessions, double ReadMs, double UpsertUs, double AgeMs, double CountMs)
    {
        public IEnumerable<Measurement> Report(string name) =>
        [
            new Measurement(name, $"{Sessions:N0}: a read", ReadMs, "ms"),
            new Measurement(name, $"{Sessions:N0}: an upsert in a batch of 500", UpsertUs, "µs"),
            new Measurement(name, $"{Sessions:N0}: retention by age, per session taken", AgeMs, "ms"),
            new Measurement(name, $"{Sessions:N0}: retention by count, per session taken", CountMs, "ms"),
        ];
    }
}
