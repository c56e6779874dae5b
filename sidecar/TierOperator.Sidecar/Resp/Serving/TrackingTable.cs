using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// Server-assisted client caching: who has read which key, and who gets to hear that it has changed. By key, until it has changed
/// once; or by prefix (BCAST). Belongs to the event thread.
/// </summary>
/// <remarks>Beyond <see cref="MostKeys"/> the oldest keys are invalidated, so that what clients make it remember is bounded.</remarks>
internal sealed class TrackingTable(RespServer server)
{
    private const int MostKeys = 1_000_000;
    private readonly Dictionary<byte[], HashSet<long>> _readers = new(ByteComparer.Instance);
    private readonly Queue<byte[]> _order = new();
    private int _tracking;

    public int Keys => _readers.Count;
    public int Clients => _tracking;

    public void Turn(RespConnection connection, TrackingState? state)
    {
        _tracking += (state is null ? 0 : 1) - (connection.State.Tracking is null ? 0 : 1);
        connection.State.Tracking = state;
    }

    public void Forget(RespConnection connection)
    {
        Turn(connection, null);
        if (_tracking == 0) Clear();
    }

    /// <summary>A client has read a key: it wants to hear when that changes.</summary>
    public void Read(RespConnection connection, ReadOnlySpan<byte> key)
    {
        if (_tracking == 0 || connection.State.Tracking is not { IsBroadcast: false } tracking) return;
        if (tracking.IsOptIn && tracking.NextCaching != true) return;
        if (tracking.IsOptOut && tracking.NextCaching == false) return;
        var lookup = _readers.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!lookup.TryGetValue(key, out var readers))
        {
            var own = key.ToArray();
            _readers[own] = readers = [];
            _order.Enqueue(own);
        }

        readers.Add(connection.Id);
        while (_readers.Count > MostKeys && _order.TryDequeue(out var oldest)) Written(null, oldest);
    }

    /// <summary>A key has changed, by a client or by somebody else.</summary>
    public void Written(RespConnection? writer, ReadOnlySpan<byte> key)
    {
        if (_tracking == 0) return;
        if (_readers.Remove(key.ToArray(), out var readers))
            foreach (var id in readers)
                if (server.Find(id) is { State.Tracking: { } tracking } reader && !(tracking.IsNoLoop && ReferenceEquals(reader, writer)))
                    Invalidate(reader, tracking, key.ToArray());
        foreach (var listener in server.Connections)
            if (listener.State.Tracking is { IsBroadcast: true } broadcast && !(broadcast.IsNoLoop && ReferenceEquals(listener, writer))
                && HasPrefix(broadcast, key))
                Invalidate(listener, broadcast, key.ToArray());
    }

    /// <summary>Everything has changed: those who track are told to drop all.</summary>
    public void Flushed()
    {
        if (_tracking == 0) return;
        Clear();
        foreach (var listener in server.Connections)
            if (listener.State.Tracking is { } tracking) Invalidate(listener, tracking, null);
    }

    private void Clear()
    {
        _readers.Clear();
        _order.Clear();
    }

    private static bool HasPrefix(TrackingState tracking, ReadOnlySpan<byte> key)
    {
        foreach (var prefix in tracking.Prefixes)
            if (key.StartsWith(prefix)) return true;
        return tracking.Prefixes.Count == 0;
    }

    private void Invalidate(RespConnection reader, TrackingState tracking, byte[]? key)
    {
        var to = reader;
        if (tracking.RedirectTo != 0)
        {
            to = server.Find(tracking.RedirectTo);
            if (to is null)
            {
                TellBroken(reader, tracking);
                return;
            }
        }

        var reply = to.PushWriter();
        if (reply.Protocol == 3)
        {
            reply.Push(2);
            reply.Bulk("invalidate"u8);
        }
        else
        {
            // RESP2 knows no pushes: only a client that subscribed to this channel can be told.
            if (tracking.RedirectTo == 0 || !to.State.IsSubscribed) return;
            reply.Array(3);
            reply.Bulk("message"u8);
            reply.Bulk("__redis__:invalidate"u8);
        }

        if (key is null)
        {
            reply.Null();
        }
        else
        {
            reply.Array(1);
            reply.Bulk(key);
        }

        to.SendSoon();
    }

    private static void TellBroken(RespConnection reader, TrackingState tracking)
    {
        tracking.IsBroken = true;
        if (reader.Reply.Protocol != 3) return;
        var reply = reader.PushWriter();
        reply.Push(2);
        reply.Bulk("tracking-redir-broken"u8);
        reply.Integer(tracking.RedirectTo);
        reader.SendSoon();
    }
}
