using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.TestKit.Engine;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Postgres;
using TierOperator.Tiering.Tests.Redis;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>An engine over all four tiers, with ways of its own to one Redis and one PostgreSQL that it shares with others, and a clock that may be wrong.</summary>
internal sealed class RealSidecar : IAsyncDisposable
{
    private const string Disk = "  spillover: {capacity: 64Mi, ttl: 1d}\n";
    private const string Tiers = """
        tiers:
          memory: {capacity: 16Mi, ttl: 1h}
          spillover: {capacity: 64Mi, ttl: 1d}
          redis: {ttl: 1d, external: {secretRef: {name: r}}}
          postgres: {retention: 9d, external: {secretRef: {name: p}}}
        defaults: {sessionStrategy: FullSession}

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tier-real-").FullName;

    public RealSidecar(SharedServers servers, uint node, TimeSpan skew, string rule, string sync = "interval: 100ms", bool withDisk = true, int timeoutMs = 500, IDiskDoor? disk = null, bool hears = true)
    {
        Time = new SkewedTime(skew);
        (ToRedis, ToPostgres) = (new CuttingProxy(servers.Redis.Port), new CuttingProxy(servers.Postgres.Port));
        var remote = new RemoteTierOptions { Namespace = "real", Policy = servers.Policy, Timeout = TimeSpan.FromMilliseconds(timeoutMs), Node = node };
        var redis = RedisTiers.Open($"redis://127.0.0.1:{ToRedis.Port}", remote, time: Time);
        var url = servers.Postgres.Url.Replace($":{servers.Postgres.Port}/", $":{ToPostgres.Port}/", StringComparison.Ordinal);
        var postgres = new PostgresTier(new PostgresTierOptions { Url = PostgresFixture.UrlOf(url), Remote = remote }, Time, NullLogger.Instance);
        Engine = TierEngine.Open(
            new EngineOptions
            {
                DataFolder = disk is not null ? "/data" : withDisk ? _folder : null, Node = node, SweepEvery = TimeSpan.FromMilliseconds(100),
                RemoteTiers = [new RemoteTierBinding(redis, remote.Timeout) { Backplane = hears ? redis.OpenBackplane() : null }, new RemoteTierBinding(postgres, remote.Timeout)],
            },
            EngineHarness.PolicyOf($"{(withDisk ? Tiers : Tiers.Replace(Disk, "", StringComparison.Ordinal))}sync: {{{sync}}}\nrules:\n  - {{name: all, {rule}}}"), Time, NullLoggerFactory.Instance, disk);
    }

    public TierEngine Engine { get; }
    public CuttingProxy ToRedis { get; }
    public CuttingProxy ToPostgres { get; }
    public SkewedTime Time { get; }

    /// <summary>Nothing is outstanding, and both tiers are well.</summary>
    public bool IsSettled => Engine.Status().Tiers.All(tier => tier.BacklogSessions == 0 && tier.State == "Healthy");

    /// <summary>The shared tiers are well and have heard of everything.</summary>
    public Task SettledAsync() => Eventually.HoldsAsync(() => IsSettled, () => string.Join('\n', Engine.Status().Tiers));

    /// <summary>Shuts both ways and returns when the sidecar has noticed: from then on no write of it is under way to a tier.</summary>
    public async Task CutOffAsync()
    {
        (ToRedis.IsShut, ToPostgres.IsShut) = (true, true);
        await Eventually.HoldsAsync(
            async () =>
            {
                await ValueAsync("nobody", "a"); // a tier is found away when it is asked
                return Engine.Status().Tiers.Skip(2).All(static tier => tier.State != "Healthy");
            },
            () => string.Join('\n', Engine.Status().Tiers));
    }

    public ValueTask<WriteOutcome> PutAsync(string session, string item, string value, Precondition condition = default)
        => Engine.PutAsync(Key(session), new ItemWrite(Key(item), value.StartsWith('{') ? "application/json" : "text/plain", ItemValue.From(Key(value))), new WriteOptions { Condition = condition }, CancellationToken.None);

    public ValueTask<WriteOutcome> DeleteAsync(string session) => Engine.DeleteSessionAsync(Key(session), default, CancellationToken.None);

    /// <summary>The value, <c>-</c> where there is none, <c>?</c> where nobody can say.</summary>
    public async ValueTask<string> ValueAsync(string session, string item)
    {
        var outcome = await Engine.ReadAsync(Key(session), Key(item), CancellationToken.None);
        if (outcome.Unavailable != Policy.Compiled.TierSet.None) return "?";
        return outcome.Status == ReadStatus.Found ? Encoding.UTF8.GetString(outcome.Value.ToArray()) : outcome.Status == ReadStatus.NotFound ? "-" : "?";
    }

    /// <summary>The value once the tiers can say, which on a loaded machine may be after a timeout or two.</summary>
    public async ValueTask<string> KnownAsync(string session, string item)
    {
        var value = "?";
        await Eventually.HoldsAsync(async () => (value = await ValueAsync(session, item)) != "?", () => "nobody can say");
        return value;
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await ToRedis.DisposeAsync();
        await ToPostgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);
}

/// <summary>The wall clock, wrong by what a test says.</summary>
internal sealed class SkewedTime(TimeSpan skew) : TimeProvider
{
    private long _skew = skew.Ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _skew));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _skew, by.Ticks);
}
