using System.Text;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// Commands of ours (GET, DEL, EXPIRE) on keys that are no sessions: they may be keys of Redis. Where they are, the command runs there;
/// those that count or remove keys run in both worlds.
/// </summary>
/// <remarks>Off the event thread.</remarks>
internal sealed class NativeOwn(NativeKeyspace keyspace, NativeCommands commands)
{
    /// <summary>Null: none of the keys is Redis' own, as far as can be told; it is an edit like any other.</summary>
    public async ValueTask<NativeReply?> TryRunAsync(NativeRequest request)
    {
        if (keyspace.Server is not { } server) return null;
        var (held, _) = await NativeKeyspace.HeldAsync(server, request.Keys, CancellationToken.None);
        // Away: what is here answers as it does for every session.
        if (held is null or { Count: 0 }) return null;
        var (seen, _) = await keyspace.LookAsync([.. held], withContent: false, CancellationToken.None);
        // A hand-over that broke off has left it in both worlds: the session counts.
        if (seen is not null) held.ExceptWith(seen.Where(session => session.Exists).Select(session => session.Key));
        if (held.Count == 0) return null;
        return request.Fact.Name switch
        {
            "del" or "unlink" or "exists" or "touch" => await CountAsync(server, request, held),
            "mget" => await GetManyAsync(server, request, held),
            _ => await commands.RunHandedOverAsync(request, CancellationToken.None),
        };
    }

    // Each key in its own world, a key that is named twice twice.
    private async ValueTask<NativeReply?> CountAsync(NativeServer server, NativeRequest request, HashSet<byte[]> held)
    {
        var count = 0L;
        for (var i = 1; i < request.Arguments.Count; i++)
        {
            var key = request.Arguments[i].ToArray();
            if (held.Contains(key))
            {
                var reply = await server.CallAsync([request.Arguments.Memory(0), server.KeyOf(key)], server.KeyOf(key), protocol: 3, CancellationToken.None);
                if (reply.IsError) return reply;
                count += reply.Integer;
            }
            else if (request.Fact.IsWrite)
            {
                var (existed, fault) = await keyspace.RemoveSessionAsync(key);
                if (fault is not null) return new NativeReply([], fault);
                count += existed ? 1 : 0;
            }
            else
            {
                var (seen, fault) = await keyspace.LookAsync([key], withContent: false, CancellationToken.None);
                if (seen is null) return new NativeReply([], fault);
                count += seen[0].Exists ? 1 : 0;
            }
        }

        return new NativeReply(Encoding.ASCII.GetBytes($":{count}\r\n"), null);
    }

    private async ValueTask<NativeReply?> GetManyAsync(NativeServer server, NativeRequest request, HashSet<byte[]> held)
    {
        var (seen, fault) = await keyspace.LookAsync(request.Keys, withContent: true, CancellationToken.None);
        if (seen is null) return new NativeReply([], fault);
        var sessions = seen.ToDictionary(session => session.Key, ByteComparer.Instance);
        var absent = Encoding.ASCII.GetBytes(request.Protocol == 3 ? "_\r\n" : "$-1\r\n");
        var frame = new List<byte>(Encoding.ASCII.GetBytes($"*{request.Arguments.Count - 1}\r\n"));
        for (var i = 1; i < request.Arguments.Count; i++)
        {
            var key = request.Arguments[i].ToArray();
            if (held.Contains(key))
            {
                // A list is no string: nil, as MGET has it.
                var reply = await server.CallAsync(["GET"u8.ToArray(), server.KeyOf(key)], server.KeyOf(key), request.Protocol, CancellationToken.None);
                if (reply.Fault is not null) return reply;
                frame.AddRange(reply.IsError ? absent : reply.Frame);
            }
            else
            {
                var session = sessions[key];
                frame.AddRange(session is { Exists: true, Kind: KeyCall.StringKind } ? ReplyFrames.Bulk(session.Items[0].Value) : absent);
            }
        }

        return new NativeReply([.. frame], null);
    }
}
