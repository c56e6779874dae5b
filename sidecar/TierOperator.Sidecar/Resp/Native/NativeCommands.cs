using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// Runs a command in Redis: 1. see which of its keys are sessions, 2. aim every key, 3. run, 4. remove the sessions that it has
/// overwritten, 5. give keys in the reply their own names.
/// </summary>
/// <remarks>Off the event thread. A failure is a reply.</remarks>
internal sealed class NativeCommands(NativeKeyspace keyspace, NativeMark mark, NativeScripts scripts)
{
    private static readonly byte[] s_standInMs = "10000"u8.ToArray();

    /// <summary>A command of a type that only Redis has. Only one that blocks is ended by the token.</summary>
    public async ValueTask<NativeReply> RunAsync(NativeRequest request, CancellationToken cancellationToken)
    {
        if (keyspace.Server is not { } server) return NotReached;
        var (sessions, fault) = await SessionsAsync(server, request.Keys, cancellationToken);
        if (sessions is null) return new NativeReply([], fault);
        if (request.Fact.IsWrite || TakesOver(request.Fact)) mark.Set(server);
        if (TakesOver(request.Fact))
        {
            foreach (var key in sessions)
                if (await keyspace.HandOverAsync(server, key, null, null, cancellationToken) is { } refused) return new NativeReply([], refused);
            sessions.Clear();
        }

        var overwritten = sessions.Where(key => IsOnlyOverwritten(request, key)).ToHashSet(ByteComparer.Instance);
        foreach (var key in sessions)
            if (!overwritten.Contains(key) && await StandInAsync(server, key, cancellationToken) is { IsError: true } refused) return refused;
        var reply = NativeScripts.IsScript(request.Fact)
            ? await scripts.RunAsync(server, request, cancellationToken)
            : await SendAsync(server, request, key => sessions.Contains(key) && !overwritten.Contains(key) ? server.StandInOf(key) : server.KeyOf(key), cancellationToken);
        if (reply.IsError) return ReplyNames.InClientsWords(reply, request, server);
        foreach (var key in overwritten)
            if ((await keyspace.RemoveSessionAsync(key)).Fault is { } kept) return new NativeReply([], kept);
        return reply with { Frame = ReplyNames.Stripped(request.Fact.Name, reply.Frame, server) };
    }

    /// <summary>A command of ours whose keys Redis holds, all or some: the others are handed over first.</summary>
    public async ValueTask<NativeReply> RunHandedOverAsync(NativeRequest request, CancellationToken cancellationToken)
    {
        if (keyspace.Server is not { } server) return NotReached;
        mark.Set(server);
        foreach (var key in request.Keys)
            if (await keyspace.HandOverAsync(server, key, null, null, cancellationToken) is { } refused) return new NativeReply([], refused);
        var reply = await server.CallAsync(request.WordsWith(key => server.KeyOf(key)), NearOf(server, request), request.Protocol, cancellationToken);
        return reply.IsError ? ReplyNames.InClientsWords(reply, request, server) : reply;
    }

    public static NativeReply NotReached => new([], "the Redis tier has not been reached yet: see /status");

    public static ReadOnlyMemory<byte>? NearOf(NativeServer server, NativeRequest request)
        => request.Places.Count == 0 ? null : server.KeyOf(request.Arguments[request.Places[0].Argument]);

    /// <summary>Scripts, and what works on strings: for these a string or hash becomes a key of Redis.</summary>
    public static bool TakesOver(CommandFact fact) => NativeScripts.IsEval(fact) || fact.Name.StartsWith("pf", StringComparison.Ordinal);

    /// <summary>Those of the keys that are sessions. What Redis holds is none, so the tiers are asked only for what it does not.</summary>
    private async ValueTask<(HashSet<byte[]>? Keys, string? Fault)> SessionsAsync(NativeServer server, IReadOnlyList<byte[]> keys, CancellationToken cancellationToken)
    {
        var sessions = keyspace.LookInMemory(keys).Select(seen => seen.Key).ToHashSet(ByteComparer.Instance);
        var unknown = keys.Where(key => !sessions.Contains(key)).ToList();
        var (held, away) = await NativeKeyspace.HeldAsync(server, unknown, cancellationToken);
        if (held is null) return (null, away);
        var (seen, fault) = await keyspace.LookAsync([.. unknown.Where(key => !held.Contains(key))], withContent: false, cancellationToken);
        if (seen is null) return (null, fault);
        sessions.UnionWith(seen.Where(session => session.Exists).Select(session => session.Key));
        return (sessions, null);
    }

    // Redis 7.0 tells of SINTERSTORE that it reads its destination. It does not.
    private static bool IsOnlyOverwritten(NativeRequest request, byte[] key)
        => request.Fact.Name == "sinterstore"
            ? request.Arguments[1].SequenceEqual(key) && request.Places.Count(place => request.Arguments[place.Argument].SequenceEqual(key)) == 1
            : request.Places.Where(place => request.Arguments[place.Argument].SequenceEqual(key)).All(place => place.Use.Overwrites);

    // Redis then refuses in its own words, after whatever else it has to say about the command.
    private static ValueTask<NativeReply> StandInAsync(NativeServer server, byte[] key, CancellationToken cancellationToken)
    {
        var name = server.StandInOf(key);
        return server.CallAsync(["SET"u8.ToArray(), name, ReadOnlyMemory<byte>.Empty, "PX"u8.ToArray(), s_standInMs], name, protocol: 3, cancellationToken);
    }

    private static async ValueTask<NativeReply> SendAsync(NativeServer server, NativeRequest request, Func<byte[], byte[]> nameOf, CancellationToken cancellationToken)
    {
        var (words, near) = (request.WordsWith(nameOf), NearOf(server, request));
        // What Redis itself does not call fast may keep it busy for a while.
        if (!request.Fact.Blocks)
            return request.Fact.Flags.Contains("fast")
                ? await server.CallAsync(words, near, request.Protocol, CancellationToken.None)
                : await server.CallSlowAsync(words, near, request.Protocol, CancellationToken.None);
        var (line, fault) = await server.OpenLineAsync(near, request.Protocol, cancellationToken);
        if (line is null) return new NativeReply([], fault);
        await using (line) return await line.CallAsync(words, cancellationToken);
    }
}
