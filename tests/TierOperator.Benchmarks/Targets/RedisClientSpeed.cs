using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Resp;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering;
using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The Redis client beside redis-benchmark, a frozen server, and the tier's read beside a bare GET by the same client.</summary>
internal sealed class RedisClientSpeed : ITarget
{
    private const int Callers = 50;
    private const int FrozenCallers = 64;
    private const int Keys = 1000;
    private static readonly TimeSpan s_deadline = TimeSpan.FromMilliseconds(50);
    private static readonly byte[] s_value = RandomValue();

    public string Name => "redis-client";
    public string Description => "our Redis client against redis-benchmark (256 bytes, 50 callers), on a frozen server, and the tier's read beside a bare GET";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var server = await RedisServer.StartAsync();
        var options = Options(server);
        var dialer = RedisTopologies.Dialer(options, TimeProvider.System);
        await using var client = new RedisClient(RedisTopologies.Create(options, dialer, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        client.Topology.Start();
        await using var tier = new RedisTier(options, TimeProvider.System, NullLogger<RedisTier>.Instance);
        tier.Start();
        await FillAsync(client, tier, cancellation);
        return [.. await ThroughputAsync(server, client, quick, cancellation), .. await TailsAsync(client, tier, quick, cancellation), .. await FrozenAsync(server, client, cancellation)];
    }

    private static RedisTierOptions Options(RedisServer server) => RedisEndpointUrl.TryParse(server.Url, null, out var endpoint, out var error)
        ? new RedisTierOptions { Endpoint = endpoint, Remote = new RemoteTierOptions { Namespace = "bench", Policy = "redis", Timeout = TimeSpan.FromSeconds(5) } }
        : throw new InvalidOperationException(error);

    private static async Task FillAsync(RedisClient client, RedisTier tier, CancellationToken cancellation)
    {
        for (var i = 0; i < Keys; i++)
        {
            var answer = await client.ExecuteAsync(0, () => Set(client, i), cancellation);
            if (answer.Fault is { } fault) throw new InvalidOperationException(fault.Text);
            var results = await tier.ApplyAsync([Change(i)], cancellation);
            if (results[0].Status != RemoteStatus.Applied) throw new InvalidOperationException(results[0].Detail);
        }
    }

    private async Task<IReadOnlyList<Measurement>> ThroughputAsync(RedisServer server, RedisClient client, bool quick, CancellationToken cancellation)
    {
        var rows = new List<Measurement>();
        foreach (var command in new[] { "GET", "SET" })
        {
            var (ours, theirs) = (new List<double>(), new List<double>());
            // Round 0 warms up; then the two take turns.
            for (var round = 0; round <= (quick ? 1 : 3); round++)
            {
                ProgressLine.Say($"{Name}: {command}, round {round}");
                var reference = await BenchmarkAsync(server, command, quick ? 50_000 : 150_000, cancellation);
                var own = await RunAsync(client, command, TimeSpan.FromSeconds(quick ? 0.5 : 1.5), cancellation);
                if (round == 0) continue;
                theirs.Add(reference);
                ours.Add(own);
            }

            rows.Add(new Measurement(Name, $"{command} of 256 bytes, 50 callers", Series.Median(ours), "requests/s"));
            rows.Add(new Measurement(Name, $"the same by redis-benchmark", Series.Median(theirs), "requests/s"));
            rows.Add(new Measurement(Name, $"{command}, ours to redis-benchmark", Series.Median(ours.Zip(theirs, (own, reference) => own / reference)), "").AtLeast(0.8));
        }

        return rows;
    }

    private static async Task<double> RunAsync(RedisClient client, string command, TimeSpan duration, CancellationToken cancellation)
    {
        var (started, count) = (Stopwatch.GetTimestamp(), 0L);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                var done = 0L;
                for (var i = caller; Stopwatch.GetElapsedTime(started) < duration; i = (i + 7) % Keys, done++)
                {
                    var fault = command == "GET" ? (await client.ExecuteAsync(0, () => Get(client, i), cancellation)).Fault : (await client.ExecuteAsync(0, () => Set(client, i), cancellation)).Fault;
                    if (fault is not null) throw new InvalidOperationException(fault.Text);
                }

                Interlocked.Add(ref count, done);
            },
            cancellation)));
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> BenchmarkAsync(RedisServer server, string command, int requests, CancellationToken cancellation)
    {
        await using var process = new ChildProcess(
            "redis-benchmark", ["-p", $"{server.Port}", "-t", command.ToLowerInvariant(), "-d", "256", "-c", $"{Callers}", "-n", $"{requests}", "-r", $"{Keys}", "--csv"]);
        var last = (await process.ReadToEndAsync(cancellation)).Trim().Split('\n')[^1];
        return double.Parse(last.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
    }

    // One caller, in turn: what a request waits for a read beside what the server's bare answer takes.
    private async Task<IReadOnlyList<Measurement>> TailsAsync(RedisClient client, RedisTier tier, bool quick, CancellationToken cancellation)
    {
        var (bare, read) = (new LatencyHistogram(), new LatencyHistogram());
        var reads = quick ? 5_000 : 50_000;
        for (var i = -reads / 10; i < reads; i++)
        {
            var (number, started) = (Math.Abs(i) % Keys, Stopwatch.GetTimestamp());
            await client.ExecuteAsync(0, () => Get(client, number), cancellation);
            if (i >= 0) bare.RecordSince(started);
            started = Stopwatch.GetTimestamp();
            var item = await tier.ReadItemAsync(Session(number), "value"u8.ToArray(), cancellation);
            if (i >= 0) read.RecordSince(started);
            if (item.Status != RemoteReadStatus.Found) throw new InvalidOperationException($"the tier answered {item.Status}");
        }

        var (ours, theirs) = (read.Percentile(0.99).TotalMicroseconds, bare.Percentile(0.99).TotalMicroseconds);
        return
        [
            new(Name, "p99 of a read by the tier", ours, "us"),
            new(Name, "p99 of a bare GET by the same client", theirs, "us"),
            new Measurement(Name, "p99, the tier's read to a bare GET", ours / theirs, "").AtMost(1.5),
        ];
    }

    private async Task<IReadOnlyList<Measurement>> FrozenAsync(RedisServer server, RedisClient client, CancellationToken cancellation)
    {
        server.Freeze();
        var waits = await Task.WhenAll(Enumerable.Range(0, FrozenCallers).Select(i => Task.Run(
            async () =>
            {
                var started = Stopwatch.GetTimestamp();
                await client.ExecuteAsync(0, () => new RedisCommand<bool>(static (ref RespReader _) => true, "GET"u8.ToArray(), Key(i)) { DeadlineAt = client.DeadlineAfter(s_deadline) }, cancellation);
                return Stopwatch.GetElapsedTime(started);
            },
            cancellation)));
        server.Thaw();
        return [new Measurement(Name, "64 callers on a frozen server, deadline 50 ms: the last returns after", waits.Max().TotalMilliseconds, "ms").AtMost((s_deadline + TimeSpan.FromMilliseconds(50)).TotalMilliseconds)];
    }

    private static RedisCommand<int> Get(RedisClient client, int number)
        => new(static (ref RespReader reader) => reader.ReadBytes().Length, "GET"u8.ToArray(), Key(number)) { DeadlineAt = client.DeadlineAfter(TimeSpan.FromSeconds(5)) };

    private static RedisCommand<int> Set(RedisClient client, int number)
        => new(static (ref RespReader reader) => reader.ReadBytes().Length, "SET"u8.ToArray(), Key(number), s_value) { DeadlineAt = client.DeadlineAfter(TimeSpan.FromSeconds(5)) };

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"key:{number:d12}");
    private static byte[] Session(int number) => System.Text.Encoding.ASCII.GetBytes($"session:{number}");

    private static RemoteChange Change(int number)
    {
        var (now, version) = (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), new ItemVersion(1, 1));
        return new RemoteChange(Session(number))
        {
            Header = new SessionHeader { Rule = "bench", CreatedMs = now, LastAccessMs = now, DeadlineMs = now + 3_600_000 },
            Newest = version, ExpiresMs = now + 3_600_000, IsWhole = true,
            Puts = [new ItemSnapshot("value"u8.ToArray(), "application/octet-stream", version, new ItemValue(s_value))],
        };
    }

    private static byte[] RandomValue()
    {
        var value = new byte[256];
        new Random(1).NextBytes(value);
        return value;
    }
}
