using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Redis;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>A whole engine under a case's rule, over one real tier, with a client that remembers what was acknowledged.</summary>
internal sealed class MatrixSidecar : IAsyncDisposable
{
    private const int Sessions = 8;
    private readonly string _folder = Directory.CreateTempSubdirectory("tier-matrix-").FullName;
    private readonly Dictionary<string, List<string>> _possible = [];
    private readonly IRemoteTier _tier;
    private readonly TierEngine _engine;
    private int _writes;

    public MatrixSidecar(MatrixCase line, string url, TimeSpan timeout)
    {
        Line = line;
        var remote = new RemoteTierOptions { Namespace = "matrix", Policy = $"p{Guid.NewGuid():n}", Timeout = timeout, Node = 1 };
        IBackplane backplane;
        (_tier, backplane) = line.IsRedis ? OpenRedis(url, remote) : OpenPostgres(url, remote);
        _engine = TierEngine.Open(
            new EngineOptions { DataFolder = _folder, Node = 1, SweepEvery = TimeSpan.FromMilliseconds(100), RemoteTiers = [new RemoteTierBinding(_tier, timeout) { Backplane = backplane }] },
            EngineHarness.PolicyOf(PolicyOf(line)), TimeProvider.System, NullLoggerFactory.Instance);
    }

    public MatrixCase Line { get; }
    public RemoteTierState State => _tier.State;
    public List<TimeSpan> Waits { get; } = [];

    /// <summary>Writes to one of a few sessions; the answer as HTTP has it.</summary>
    public async Task<string> WriteAsync()
    {
        var (session, value) = ($"s{_writes % Sessions}", (++_writes).ToString(CultureInfo.InvariantCulture));
        if (!_possible.TryGetValue(session, out var possible)) _possible[session] = possible = [RemoteReadStatus.NotFound.ToString()];
        possible.Add(value);
        var outcome = await TimedAsync(() => PutAsync(session, value, default).AsTask());
        if (outcome.Succeeded) possible.RemoveRange(0, possible.Count - 1);
        return outcome.Status switch
        {
            WriteStatus.Created or WriteStatus.Replaced => "204",
            WriteStatus.Accepted => "202",
            WriteStatus.Unavailable => "503",
            var other => other.ToString(),
        };
    }

    /// <summary>Reads a session that nobody wrote here: only the tier can say whether it is.</summary>
    public async Task<string> ReadAsync()
    {
        var outcome = await TimedAsync(() => _engine.ReadAsync(Key("nowhere"), Key("a"), CancellationToken.None).AsTask());
        return outcome.Status switch
        {
            ReadStatus.NotFound => outcome.Unavailable == TierSet.None ? "404" : "404 with Tier-Unavailable",
            ReadStatus.Unavailable => "503",
            var other => other.ToString(),
        };
    }

    /// <summary>Creates a session if there is none.</summary>
    public async Task<string> CreateAsync()
    {
        var outcome = await PutAsync($"new{++_writes}", "x", new WriteOptions { Condition = new Precondition { MustNotExist = true } });
        return outcome.Status switch { WriteStatus.Created => "201", WriteStatus.Unavailable => "503", var other => other.ToString() };
    }

    /// <summary>What of the acknowledged the tier does not hold, or null.</summary>
    public async Task<string?> MissingThereAsync()
    {
        if (_tier.State.Health != RemoteHealth.Healthy) return $"the tier is {_tier.State}";
        foreach (var (session, possible) in _possible)
        {
            var found = await _tier.ReadItemAsync(Key(session), Key("a"), CancellationToken.None);
            var value = found.Status == RemoteReadStatus.Found ? Encoding.UTF8.GetString(found.Item.Value.ToArray()) : found.Status.ToString();
            if (!possible.Contains(value)) return $"{session}: there is {value}, acknowledged was {string.Join(" or ", possible)}; {_engine.Status().Tiers[^1]}";
        }

        return _engine.Status().Tiers.Any(tier => tier.BacklogSessions > 0) ? $"something is still outstanding: {_engine.Status().Tiers[^1]}" : null;
    }

    /// <summary>The first answer that differs from what was acknowledged here, or null.</summary>
    public async Task<string?> MissingHereAsync()
    {
        foreach (var (session, possible) in _possible)
        {
            var found = await _engine.ReadAsync(Key(session), Key("a"), CancellationToken.None);
            var value = found.Status == ReadStatus.Found ? Encoding.UTF8.GetString(found.Value.ToArray()) : found.Status.ToString();
            if (!possible.Contains(value)) return $"{session}: here is {value}, acknowledged was {string.Join(" or ", possible)}";
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<T> TimedAsync<T>(Func<Task<T>> call)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = await call();
        Waits.Add(Stopwatch.GetElapsedTime(started));
        return outcome;
    }

    private ValueTask<WriteOutcome> PutAsync(string session, string value, WriteOptions options)
        => _engine.PutAsync(Key(session), new ItemWrite(Key("a"), "text/plain", ItemValue.From(Encoding.UTF8.GetBytes(value))), options, CancellationToken.None);

    private static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    private static string PolicyOf(MatrixCase line)
    {
        var tier = line.IsRedis ? "redis: {ttl: 1d, external: {secretRef: {name: r}}}" : "postgres: {retention: 9d, external: {secretRef: {name: p}}}";
        var ack = line.IsThrough ? line.IsRedis ? "Redis" : "Postgres" : "Disk";
        return $"tiers:\n  memory: {{capacity: 16Mi, ttl: 1h}}\n  spillover: {{capacity: 64Mi, ttl: 1d}}\n  {tier}\n"
               + "defaults: {sessionStrategy: FullSession}\nsync: {interval: 100ms}\n"
               + $"rules:\n  - {{name: all, write: {line.Write}, ack: {ack}, onTierFailure: {line.OnFailure}}}";
    }

    private static (IRemoteTier Tier, IBackplane Backplane) OpenRedis(string url, RemoteTierOptions remote)
    {
        var tier = RedisTiers.Open(url, remote);
        return (tier, tier.OpenBackplane());
    }

    private static (IRemoteTier Tier, IBackplane Backplane) OpenPostgres(string url, RemoteTierOptions remote)
    {
        var options = new PostgresTierOptions { Url = Postgres.PostgresFixture.UrlOf(url), Remote = remote, Announce = true };
        return (new PostgresTier(options, TimeProvider.System, NullLogger.Instance), new PostgresBackplane(options, TimeProvider.System, NullLogger.Instance));
    }
}
