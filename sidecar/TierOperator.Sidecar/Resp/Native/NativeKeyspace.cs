using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// The two worlds that a key can live in: a session, which the policy's tiers hold, or a key of Redis' own. A key lives in one of
/// them; where a broken hand-over left it in both, the session counts.
/// </summary>
internal sealed class NativeKeyspace(TierEngine engine)
{
    private const int FieldsPerCall = 500;

    public NativeServer? Server => engine.NativeTier?.Native;

    /// <summary>Which of the keys Redis holds; null, with the reason, when it cannot be asked.</summary>
    public static async ValueTask<(HashSet<byte[]>? Keys, string? Fault)> HeldAsync(NativeServer server, IReadOnlyList<byte[]> keys, CancellationToken cancellationToken)
    {
        var held = new HashSet<byte[]>(ByteComparer.Instance);
        var asked = keys.Select(key => AskAsync(server, cancellationToken, "EXISTS"u8.ToArray(), server.KeyOf(key)).AsTask()).ToArray();
        for (var i = 0; i < asked.Length; i++)
        {
            var reply = await asked[i];
            if (reply.IsError) return (null, reply.ErrorText);
            if (reply.Integer == 1) held.Add(keys[i]);
        }

        return (held, null);
    }

    /// <summary>The keys as sessions, wherever their tiers have them; null, with the reason, when a tier that must say cannot.</summary>
    public async ValueTask<(IReadOnlyList<SeenSession>? Seen, string? Fault)> LookAsync(IReadOnlyList<byte[]> keys, bool withContent, CancellationToken cancellationToken)
    {
        if (keys.Count == 0) return ([], null);
        var (scope, look) = (ScopeOf(keys, isReadOnly: true), new SessionLook(withContent));
        var outcome = await engine.EditAsync(scope, look, cancellationToken);
        scope.Begin(isReadOnly: true);
        return outcome.Status == WriteStatus.Replaced ? (look.Seen, null) : (null, outcome.Detail);
    }

    /// <summary>The keys that memory knows to be sessions; it asks nobody.</summary>
    public IReadOnlyList<SeenSession> LookInMemory(IReadOnlyList<byte[]> keys)
    {
        var seen = new List<SeenSession>();
        foreach (var key in keys)
        {
            var (scope, look) = (ScopeOf([key], isReadOnly: true), new SessionLook(withContent: false));
            if (engine.TryEdit(scope, look, out _) && look.Seen[0].Exists) seen.Add(look.Seen[0]);
            scope.Begin(isReadOnly: true);
        }

        return seen;
    }

    /// <summary>Removes a session; whether there was one, or why that cannot be told.</summary>
    public async ValueTask<(bool Existed, string? Fault)> RemoveSessionAsync(byte[] key)
    {
        var (scope, end) = (ScopeOf([key], isReadOnly: false), new SessionEnd());
        var outcome = await engine.EditAsync(scope, end, CancellationToken.None);
        if (outcome.NeedsAck) outcome = await engine.AckAsync(outcome);
        scope.Begin(isReadOnly: true);
        return outcome.Status is WriteStatus.Replaced or WriteStatus.NotFound or WriteStatus.Accepted ? (end.Existed, null) : (false, outcome.Detail);
    }

    /// <summary>
    /// Hands a session over to Redis: 1. its content is written there, 2. <paramref name="onWritten"/>, 3. the session is removed if nobody
    /// has changed it meanwhile. Null when it is done, or there is no such session; else why not.
    /// </summary>
    public async ValueTask<string?> HandOverAsync(NativeServer server, byte[] key, ulong? expected, Func<ValueTask<string?>>? onWritten, CancellationToken cancellationToken)
    {
        for (var round = 0; round < 8; round++)
        {
            var (seen, fault) = await LookAsync([key], withContent: true, cancellationToken);
            if (seen is null) return fault;
            if (!seen[0].Exists) return expected is null or 0 ? null : Changed;
            if (expected is { } wanted && wanted != seen[0].Fingerprint) return Changed;
            if (await WriteAsync(server, seen[0], cancellationToken) is { } refused) return refused;
            if (onWritten is not null && await onWritten() is { } failed) return failed;
            var (scope, removal) = (ScopeOf([key], isReadOnly: false), new SessionRemoval(seen[0].Fingerprint));
            var outcome = await engine.EditAsync(scope, removal, CancellationToken.None);
            if (outcome.NeedsAck) outcome = await engine.AckAsync(outcome);
            scope.Begin(isReadOnly: true);
            if (outcome.Status is not (WriteStatus.Replaced or WriteStatus.NotFound or WriteStatus.Accepted)) return outcome.Detail;
            if (!removal.HasChanged) return null;
        }

        return "others keep changing the key: retry later";
    }

    /// <summary>What <see cref="HandOverAsync"/> says of a session that is not as it was expected.</summary>
    public const string Changed = "the key has changed";

    private static async ValueTask<string?> WriteAsync(NativeServer server, SeenSession seen, CancellationToken cancellationToken)
    {
        var name = server.KeyOf(seen.Key);
        var calls = new List<ReadOnlyMemory<byte>[]> { new ReadOnlyMemory<byte>[] { "DEL"u8.ToArray(), name } };
        if (seen.Kind == KeyCall.StringKind) calls.Add(["SET"u8.ToArray(), name, seen.Items[0].Value]);
        else
            foreach (var part in seen.Items.Chunk(FieldsPerCall))
                calls.Add(["HSET"u8.ToArray(), name, .. part.SelectMany(item => (ReadOnlyMemory<byte>[])[item.Item, item.Value])]);
        if (seen.DeadlineMs is { } deadline) calls.Add(["PEXPIREAT"u8.ToArray(), name, System.Text.Encoding.ASCII.GetBytes($"{deadline}")]);
        foreach (var call in calls)
            if (await AskAsync(server, cancellationToken, call) is { IsError: true } refused) return refused.ErrorText;
        return null;
    }

    private static ValueTask<NativeReply> AskAsync(NativeServer server, CancellationToken cancellationToken, params ReadOnlyMemory<byte>[] words)
        => server.CallAsync(words, words[1], protocol: 3, cancellationToken);

    private static EditScope ScopeOf(IReadOnlyList<byte[]> keys, bool isReadOnly)
    {
        var scope = new EditScope();
        scope.Begin(isReadOnly);
        foreach (var key in keys) scope.Add(key);
        return scope;
    }
}
