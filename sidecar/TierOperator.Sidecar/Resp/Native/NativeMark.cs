using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// Whether Redis may hold keys of the app at all. Until somebody has made one, no command pays for asking. The first to do so leaves a
/// mark on the server and tells the other sidecars; until the mark was looked for, the answer is yes.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class NativeMark(TimeProvider time)
{
    private static readonly TimeSpan s_setEvery = TimeSpan.FromSeconds(1);
    private volatile bool _mayHold = true;
    private long _setAt;
    private long _heard;

    public bool MayHold => _mayHold;

    /// <summary>What is subscribed to hear of the first key.</summary>
    public static byte[] ChannelOf(NativeServer server) => server.NameOf("native");

    public void Heard()
    {
        Interlocked.Increment(ref _heard);
        _mayHold = true;
    }

    /// <summary>Somebody is about to make a key. Set again now and then, because a server can be emptied.</summary>
    public void Set(NativeServer server)
    {
        Heard();
        var now = time.GetTimestamp();
        var before = Interlocked.Read(ref _setAt);
        if ((before != 0 && time.GetElapsedTime(before, now) < s_setEvery) || Interlocked.CompareExchange(ref _setAt, now, before) != before) return;
        _ = server.CallAsync(["SET"u8.ToArray(), NameOf(server), "1"u8.ToArray()], NameOf(server), protocol: 3, CancellationToken.None).AsTask();
        _ = server.CallAsync(["PUBLISH"u8.ToArray(), ChannelOf(server), "1"u8.ToArray()], null, protocol: 3, CancellationToken.None).AsTask();
    }

    /// <summary>Looks for the mark, once it would be heard when somebody sets it.</summary>
    public async Task LookAsync(NativeServer server)
    {
        var heard = Interlocked.Read(ref _heard);
        var reply = await server.CallAsync(["EXISTS"u8.ToArray(), NameOf(server)], NameOf(server), protocol: 3, CancellationToken.None);
        if (reply.IsError || reply.Integer != 0) return;
        _mayHold = false;
        // Told while it looked: the other way round the news would be lost.
        if (Interlocked.Read(ref _heard) != heard) _mayHold = true;
    }

    private static byte[] NameOf(NativeServer server) => server.NameOf("native:{1}");
}
