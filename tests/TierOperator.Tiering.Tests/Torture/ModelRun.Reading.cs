using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Model;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Torture;

public sealed partial class ModelRun
{
    private async Task<string?> ReadItemAsync(int session, int item)
    {
        var outcome = await Engine.ReadAsync(SessionKey(session), ItemKey(item), CancellationToken.None);
        var bytes = outcome.Status == ReadStatus.Found ? outcome.Value.ToArray() : null;
        outcome.Value.Release();
        if (outcome.Status is not (ReadStatus.Found or ReadStatus.NotFound) || outcome.Unavailable != TierSet.None) return $"read {outcome.Status}";
        return Explain(session, $"{outcome.Status} {outcome.Version} [{bytes?.Length}]", world =>
        {
            var expected = world?.Items.GetValueOrDefault(ItemName(item));
            if (expected is null) return bytes is null ? Explained.As(LookedAt(world)) : Explained.No;
            return bytes is not null && IsSame(expected, bytes, outcome.Version, outcome.ContentType) ? Explained.As(AfterRead(world!)) : Explained.No;
        });
    }

    private string? ReadMemory(ModelOperation operation)
    {
        if (!Engine.TryReadMemory(SessionKey(operation.Session).Span, ItemKey(operation.Item).Span, _buffer, out var hit)) return null;
        var bytes = hit.Large is { } large ? new ItemValue(large).ToArray() : _buffer.AsSpan(0, (int)hit.Length).ToArray();
        hit.Large?.Release();
        return Explain(operation.Session, $"a memory hit {hit.Version} [{bytes.Length}]", world =>
            world?.Items.GetValueOrDefault(ItemName(operation.Item)) is { } expected && IsSame(expected, bytes, hit.Version, hit.ContentType)
                ? Explained.As(AfterRead(world)) : Explained.No);
    }

    private async Task<string?> ReadSessionAsync(int session)
    {
        var outcome = await Engine.ReadSessionAsync(SessionKey(session), CancellationToken.None);
        if (outcome.Status is not (ReadStatus.Found or ReadStatus.NotFound) || outcome.Unavailable != TierSet.None) return $"read {outcome.Status}";
        var seen = Contents(outcome.Session);
        outcome.Session?.Release();
        return Explain(session, seen is null ? "absent" : Text(seen), world =>
        {
            if (world is null || seen is null) return world is null && seen is null ? Explained.As(null) : Explained.No;
            return AreSame(world, seen) ? Explained.As(AfterRead(world)) : Explained.No;
        });
    }

    private string? Describe(ModelOperation operation)
    {
        var meta = Engine.Describe(SessionKey(operation.Session));
        var versions = meta?.Items.ToDictionary(item => Encoding.UTF8.GetString(item.Key), item => item.Version);
        var seen = versions is null ? "absent" : string.Join(", ", versions.Select(item => $"{item.Key}@{item.Value}"));
        return Explain(operation.Session, $"described {seen}", world =>
        {
            if (world is null || versions is null) return world is null && versions is null ? Explained.As(null) : Explained.No;
            var agrees = world.Items.Count == versions.Count
                && world.Items.All(item => versions.TryGetValue(item.Key, out var version) && version == item.Value.Version);
            return agrees ? Explained.As(world) : Explained.No;
        });
    }

    private async Task<string?> MoveAsync(ModelOperation operation)
    {
        var key = SessionKey(operation.Session);
        var outcome = operation.Kind switch
        {
            ModelOperationKind.Load => await Engine.LoadAsync(key, CancellationToken.None),
            ModelOperationKind.Evict => await Engine.EvictAsync(key, CancellationToken.None),
            _ => await Engine.TouchAsync(key, CancellationToken.None),
        };
        return Explain(operation.Session, $"{outcome.Status} {outcome.Tiers} {outcome.Detail}", world => world is null
            ? Fits(outcome.Status == WriteStatus.NotFound, null)
            : Fits(IsMoved(operation.Kind, outcome), operation.Kind switch
            {
                // Under a clock that was set back, a touch on disk counts from there, one in memory leaves the later time.
                ModelOperationKind.Touch => AfterRead(world) is var touched && NowMs < world.AccessLowMs ? touched with { AccessLowMs = NowMs } : touched,
                ModelOperationKind.Load => LookedAt(world),
                _ => world,
            }));
    }

    private bool IsMoved(ModelOperationKind kind, MoveOutcome outcome) => outcome.Status switch
    {
        WriteStatus.Replaced => kind != ModelOperationKind.Load || outcome.Tiers.HasFlag(TierSet.Memory),
        WriteStatus.NoRoom => kind == ModelOperationKind.Load && outcome.Tiers == TierSet.Spillover,
        WriteStatus.Unprocessable => kind == ModelOperationKind.Evict && !_profile.HasDisk,
        _ => false,
    };

    private static Explained Fits(bool fits, SessionWorld? next) => fits ? Explained.As(next) : Explained.No;

    private string? Explain(int session, string seen, Func<SessionWorld?, Explained> explain)
        => _oracles[session].Observe(NowMs, explain) ? null : Disagreement(session, seen);

    private SessionWorld AfterRead(SessionWorld world) => world.Read(NowMs, _times);

    private static bool IsSame(ModelItem expected, byte[] bytes, ItemVersion version, string? contentType)
        => version == expected.Version && contentType == expected.ContentType && expected.Value.Matches(bytes);

    private static Dictionary<string, (byte[] Bytes, ItemVersion Version, string ContentType)>? Contents(SessionSnapshot? session)
        => session?.Items.ToDictionary(
            item => Encoding.UTF8.GetString(item.Key), item => (item.Value.ToArray(), item.Version, item.ContentType));

    private static bool AreSame(SessionWorld world, Dictionary<string, (byte[] Bytes, ItemVersion Version, string ContentType)> seen)
        => world.Items.Count == seen.Count && world.Items.All(item =>
            seen.TryGetValue(item.Key, out var found) && IsSame(item.Value, found.Bytes, found.Version, found.ContentType));

    private static string Text(Dictionary<string, (byte[] Bytes, ItemVersion Version, string ContentType)> seen)
        => string.Join(", ", seen.Select(item => $"{item.Key}[{item.Value.Bytes.Length}]@{item.Value.Version}"));
}
