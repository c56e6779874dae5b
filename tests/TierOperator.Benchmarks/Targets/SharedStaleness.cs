using System.Diagnostics;
using System.Text;
using System.Text.Json;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;

namespace TierOperator.Benchmarks.Targets;

/// <summary>
/// Three sidecars over one Redis, or one PostgreSQL: for how long after a write was acknowledged by one of them the others still answer the value
/// before it, by each way to hear of it; and while one of them hears nothing, for how long it does so without a word.
/// </summary>
internal sealed class SharedStaleness : ITarget
{
    private const string Item = "/v1/sessions/s/items/value";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>One of Redis' ways is noticed to be lost after 1.5 s, PostgreSQL's after 3 s; a copy is doubted within a second from then.</summary>
    private static readonly Way[] s_ways = [new("tracking", "Auto", UsesRedis: true, 3_000), new("pubsub", "PubSub", UsesRedis: true, 3_000), new("notify", "Auto", UsesRedis: false, 4_500)];

    public string Name => "shared-staleness";
    public string Description => "how long other sidecars answer an old value after a write was acknowledged, by each backplane, and while it is cut off";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var measured = new List<Measurement>();
        foreach (var way in s_ways)
        {
            ProgressLine.Say($"{Name}: {way.Name}");
            await using var redis = way.UsesRedis ? await RedisServer.StartAsync() : null;
            await using var postgres = way.UsesRedis ? null : await PostgresServer.StartAsync(new PostgresServerOptions { Fsync = true });
            var (url, port) = redis is not null ? (redis.Url, redis.Port) : (postgres!.Url, postgres.Port);
            var stale = await ConnectedAsync(way, url, quick ? 200 : 2_000, cancellation);
            var longest = TimeSpan.Zero;
            for (var round = 0; round < (quick ? 1 : 4); round++)
            {
                var wordless = await CutOffAsync(way, url, port, isFrozen: round % 2 == 0, cancellation);
                if (wordless > longest) longest = wordless;
            }

            measured.Add(new(Name, $"{way.Name}: p50", stale.Percentile(0.5).TotalMilliseconds, "ms"));
            measured.Add(new(Name, $"{way.Name}: p99", stale.Percentile(0.99).TotalMilliseconds, "ms"));
            measured.Add(new(Name, $"{way.Name}: max", stale.Max.TotalMilliseconds, "ms"));
            measured.Add(new Measurement(Name, $"{way.Name}: longest without a word while cut off", longest.TotalMilliseconds, "ms").AtMost(way.MostMs));
        }

        return measured;
    }

    private static async Task<LatencyHistogram> ConnectedAsync(Way way, string url, int writes, CancellationToken cancellation)
    {
        await using var pods = new Pods();
        for (var pod = 0; pod < 3; pod++) await pods.AddAsync(way, url, cancellation);
        var stale = new LatencyHistogram();
        for (var write = 0; write < writes; write++)
        {
            var (writer, value) = (pods.All[write % 3], $"value {write}");
            var others = pods.All.Where(pod => pod != writer).ToArray();
            if (write > 0) foreach (var pod in others) await pod.HoldsAsync($"value {write - 1}", cancellation);
            await writer.PutAsync(value, cancellation);
            var acknowledged = Stopwatch.GetTimestamp();
            foreach (var told in await Task.WhenAll(others.Select(pod => pod.StaleUntilAsync(value, acknowledged, cancellation)))) stale.Record(told);
        }

        return stale;
    }

    /// <summary>How long a sidecar that lost its way to the server answers the old value without <c>Tier-Unavailable</c>.</summary>
    private static async Task<TimeSpan> CutOffAsync(Way way, string url, int port, bool isFrozen, CancellationToken cancellation)
    {
        await using var proxy = new CuttingProxy(port);
        await using var pods = new Pods();
        await pods.AddAsync(way, url, cancellation);
        await pods.AddAsync(way, url.Replace($":{port}", $":{proxy.Port}", StringComparison.Ordinal), cancellation);
        var (writer, reader) = (pods.All[0], pods.All[1]);
        await writer.PutAsync("old", cancellation);
        await reader.HoldsAsync("old", cancellation);
        if (isFrozen) proxy.Freeze();
        else proxy.IsShut = true;
        await writer.PutAsync("new", cancellation);
        return await reader.StaleUntilAsync("new", Stopwatch.GetTimestamp(), cancellation);
    }

    private sealed record Way(string Name, string Backplane, bool UsesRedis, double MostMs)
    {
        public string Policy => $$"""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {name: bench}
            spec:
              selector: {matchLabels: {app: bench} }
              tiers:
                memory: {capacity: 64Mi, ttl: 5h}
                spillover: {capacity: 256Mi, ttl: 7d}
                {{(UsesRedis ? "redis: {ttl: 1d, external: {secretRef: {name: server} } }" : "postgres: {retention: 9d, external: {secretRef: {name: server} } }")}}
              defaults: {sessionStrategy: FullSession}
              rules: [{name: all, write: Through, ack: Disk, promoteAfter: 1}]
              sync: {interval: 1s, backplane: {{Backplane}}}
            """;
    }

    private sealed class Pods : IAsyncDisposable
    {
        private readonly List<(WorkFolder Folder, SidecarProcess Process)> _started = [];

        public List<Pod> All { get; } = [];

        public async Task AddAsync(Way way, string url, CancellationToken cancellation)
        {
            var folder = new WorkFolder();
            Directory.CreateDirectory(folder.File("secrets/server"));
            await File.WriteAllTextAsync(folder.File("secrets/server/url"), url, cancellation);
            var process = await SidecarProcess.StartAsync(folder, way.Policy, ["--secrets", folder.File("secrets")], cancellation);
            _started.Add((folder, process));
            var pod = new Pod(process.Client);
            await pod.HearsAsync(way.Name, cancellation);
            All.Add(pod);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var (folder, process) in _started)
            {
                await process.DisposeAsync();
                folder.Dispose();
            }
        }
    }

    private sealed class Pod(HttpClient client)
    {
        public async Task PutAsync(string value, CancellationToken cancellation)
        {
            using var answer = await client.PutAsync(new Uri(Item, UriKind.Relative), new StringContent(value, Encoding.UTF8, "text/plain"), cancellation);
            answer.EnsureSuccessStatusCode();
        }

        public Task HearsAsync(string way, CancellationToken cancellation) => UntilAsync(
            async () =>
            {
                using var status = JsonDocument.Parse(await client.GetStringAsync(new Uri("/v1/status", UriKind.Relative), cancellation));
                return status.RootElement.GetProperty("backplane").GetString() == way;
            },
            () => $"the backplane does not become {way}");

        /// <summary>Waits until memory answers this value, so that it is a copy that would have to be told.</summary>
        public async Task HoldsAsync(string value, CancellationToken cancellation)
        {
            var read = await GetAsync(cancellation);
            await UntilAsync(
                async () => (read = await GetAsync(cancellation)).Value == value && read.Source == "memory", () => $"memory never holds \"{value}\", but {read}");
        }

        /// <summary>When the last answer came, since the write was acknowledged, that was the old value without a word; zero for none.</summary>
        public async Task<TimeSpan> StaleUntilAsync(string value, long acknowledged, CancellationToken cancellation)
        {
            var last = TimeSpan.Zero;
            while (await GetAsync(cancellation) is var read && read.Value != value && !read.HasWord)
            {
                last = Stopwatch.GetElapsedTime(acknowledged);
                if (last > s_patience) throw new InvalidOperationException($"\"{read.Value}\" is still told instead of \"{value}\"");
            }

            return last;
        }

        private async Task<(string Value, string? Source, bool HasWord)> GetAsync(CancellationToken cancellation)
        {
            using var answer = await client.GetAsync(new Uri(Item, UriKind.Relative), cancellation);
            var source = answer.Headers.TryGetValues("Tier-Source", out var sources) ? sources.Single() : null;
            return (await answer.Content.ReadAsStringAsync(cancellation), source, answer.Headers.Contains("Tier-Unavailable") || !answer.IsSuccessStatusCode);
        }

        private static async Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise)
        {
            var started = Stopwatch.GetTimestamp();
            while (!await condition())
            {
                if (Stopwatch.GetElapsedTime(started) > s_patience) throw new InvalidOperationException(otherwise());
                await Task.Delay(5);
            }
        }
    }
}
