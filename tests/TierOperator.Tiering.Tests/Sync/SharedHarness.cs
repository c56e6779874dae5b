using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A sidecar's engine over model tiers that it may share with others.</summary>
internal sealed class SharedHarness : IAsyncDisposable
{
    public const string Local = "tiers:\n  memory: {capacity: 16Mi, ttl: 1h}\n  spillover: {capacity: 64Mi, ttl: 1d}";
    private const string Remote = "\n  redis: {ttl: 1d, external: {secretRef: {name: r}}}\n  postgres: {retention: 9d, external: {secretRef: {name: p}}}";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly bool _ownsFolder;

    public SharedHarness(string rule, ModelTier? redis = null, ModelTier? postgres = null, string? folder = null, string tiers = Local, uint node = 1, string sync = "interval: 100ms", TierSet heard = TierSet.Redis, TimeProvider? time = null)
    {
        Redis = redis ?? new ModelTier(TierSet.Redis);
        Postgres = postgres ?? new ModelTier(TierSet.Postgres);
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("tier-shared-").FullName;
        var hasDisk = tiers.Contains("spillover", StringComparison.Ordinal);
        Engine = TierEngine.Open(
            new EngineOptions
            {
                DataFolder = hasDisk ? Folder : null, Node = node, SweepEvery = TimeSpan.FromMilliseconds(50),
                RemoteTiers = [Bind(Redis, RedisTimes, heard), Bind(Postgres, new RemoteTimes(s_patience, s_patience), heard)],
            },
            EngineHarness.PolicyOf($"{tiers}{Remote}\ndefaults: {{sessionStrategy: FullSession}}\nsync: {{{sync}}}\nrules:\n  - {{name: all, {rule}}}"), time ?? TimeProvider.System, NullLoggerFactory.Instance);
    }

    public TierEngine Engine { get; }
    public ModelTier Redis { get; }
    public ModelTier Postgres { get; }
    public string Folder { get; }

    /// <summary>How long calls to Redis may take.</summary>
    public RemoteTimes RedisTimes { get; } = new(s_patience, s_patience);

    public ValueTask<WriteOutcome> PutAsync(string session, string item, string value, WriteOptions options = default)
        => Engine.PutAsync(Key(session), new ItemWrite(Key(item), "text/plain", ItemValue.From(Encoding.UTF8.GetBytes(value))), options, CancellationToken.None);

    public ValueTask<WriteOutcome> DeleteAsync(string session) => Engine.DeleteSessionAsync(Key(session), default, CancellationToken.None);

    public ValueTask<ReadOutcome> ReadAsync(string session, string item) => Engine.ReadAsync(Key(session), Key(item), CancellationToken.None);

    public async ValueTask<string?> ValueAsync(string session, string item)
    {
        var outcome = await ReadAsync(session, item);
        return outcome.Status == ReadStatus.Found ? Encoding.UTF8.GetString(outcome.Value.ToArray()) : null;
    }

    public static async ValueTask<string?> StoredAsync(ModelTier tier, string session, string item)
    {
        var found = await tier.ReadItemAsync(Key(session), Key(item), CancellationToken.None);
        return found.Header is null || found.Item.Key is null ? null : Encoding.UTF8.GetString(found.Item.Value.ToArray());
    }

    /// <summary>The shared tiers have heard of everything.</summary>
    public Task SettledAsync() => Eventually.HoldsAsync(() => Engine.Status().Tiers.All(static tier => tier.BacklogSessions == 0), () => string.Join('\n', Engine.Status().Tiers));

    public static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        if (_ownsFolder) Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A model answers at once, or says that it is away: a timeout here would only mean that the machine is busy.</summary>
    private static RemoteTierBinding Bind(ModelTier tier, RemoteTimes times, TierSet heard)
        => new(tier, times.Call) { Times = times, Backplane = tier.Tier == heard ? tier : null };
}
