using System.Runtime.CompilerServices;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>Redis' own keys for the commands over keys that nobody names. A server that cannot be asked throws <see cref="NativeAwayException"/>.</summary>
internal sealed class NativeSurveys(NativeKeyspace keyspace, NativeMark mark)
{
    private const int PageSize = 1000;

    // A cursor of ours: this bit, the server's number, the server's own cursor.
    private const ulong Bit = 1UL << 62;
    private const int ServerShift = 52;
    private const ulong CursorMask = (1UL << ServerShift) - 1;

    /// <summary>The cursor at which Redis' own keys begin; 0 where there are none.</summary>
    public ulong First => mark.MayHold ? Bit : 0;

    public static bool Is(ulong cursor) => (cursor & Bit) != 0;

    /// <summary>All keys, some perhaps twice.</summary>
    public async IAsyncEnumerable<byte[]> AllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var cursor = First; cursor != 0;)
        {
            var (keys, next) = await StepAsync(cursor, PageSize, cancellationToken);
            foreach (var key in keys) yield return key;
            cursor = next;
        }
    }

    /// <summary>One step from a cursor on; the next one is 0 at the end.</summary>
    public async ValueTask<(IReadOnlyList<byte[]> Keys, ulong Next)> StepAsync(ulong cursor, int count, CancellationToken cancellationToken)
    {
        var number = (int)((cursor & ~Bit) >> ServerShift);
        // Sessions and other policies stand between the app's keys there: a step of a few would meet none.
        if (await ServerNow().ScanAsync(number, cursor & CursorMask, Math.Max(count, PageSize), cancellationToken) is not { } step) throw new NativeAwayException();
        if (step.Cursor > CursorMask) throw new InvalidOperationException("the server's cursor has more bits than are kept for it");
        if (step.Cursor != 0) return (step.Keys, Bit | ((ulong)number << ServerShift) | step.Cursor);
        return (step.Keys, number + 1 < step.Servers ? Bit | ((ulong)(number + 1) << ServerShift) : 0);
    }

    /// <summary>A key's type, in Redis' words.</summary>
    public async ValueTask<string> TypeOfAsync(byte[] key)
    {
        var server = ServerNow();
        var reply = await server.CallAsync(["TYPE"u8.ToArray(), server.KeyOf(key)], server.KeyOf(key), protocol: 3, CancellationToken.None);
        return reply.IsError ? throw new NativeAwayException() : System.Text.Encoding.ASCII.GetString(reply.Frame, 1, reply.Frame.Length - 3);
    }

    public async ValueTask RemoveAsync(byte[] key)
    {
        var server = ServerNow();
        var reply = await server.CallAsync(["UNLINK"u8.ToArray(), server.KeyOf(key)], server.KeyOf(key), protocol: 3, CancellationToken.None);
        if (reply.IsError) throw new NativeAwayException();
    }

    private NativeServer ServerNow() => keyspace.Server ?? throw new NativeAwayException();
}

/// <summary>The Redis tier cannot be asked for its keys.</summary>
internal sealed class NativeAwayException() : Exception("the Redis tier, which may hold keys too, cannot be asked: retry later, and see /status");
