using System.Text;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>The receiving loop: replies to their calls, in order, and pushes.</summary>
internal sealed partial class RedisConnection
{
    private async Task ReceiveAsync()
    {
        var needed = 0;
        try
        {
            while (true)
            {
                var count = await _stream.ReadAsync(_received.Room(needed));
                if (count == 0)
                {
                    Close("the server closed the connection");
                    return;
                }

                _received.Filled(count);
                Volatile.Write(ref _heardAt, _time.GetTimestamp());
                needed = TakeFrames(needed);
            }
        }
        catch (Exception broken)
        {
            // Also what nobody expected: a connection that nobody reads would keep its callers until their deadlines, for ever.
            Close(Describe(broken));
        }
        finally
        {
            _received.Dispose();
        }
    }

    // The number of bytes that the frame at the start will have at least.
    private int TakeFrames(int needed)
    {
        while (_received.Length > 0 && _received.Length >= needed)
        {
            var scan = _scanner.Scan(_received.Buffered);
            if (scan == RespScan.Faulty) throw new RespException(_scanner.Fault);
            if (scan == RespScan.Incomplete) return _scanner.NeededBytes;
            Dispatch(_received.Buffered[.._scanner.FrameBytes]);
            _received.Consume(_scanner.FrameBytes);
            needed = 0;
        }

        return needed;
    }

    private void Dispatch(ReadOnlySpan<byte> frame)
    {
        if (frame[0] == (byte)RespType.Push)
        {
            Pushed?.Invoke(RedisPush.Read(frame));
            return;
        }

        RedisCall? call;
        lock (_gate) _pending.TryDequeue(out call);
        if (call is not null) call.Reply(frame);
        else if (frame[0] == (byte)'-') Close("the server said " + Encoding.UTF8.GetString(frame[1..]).Trim()); // why it is about to hang up
        else throw new RespException("a reply came to nothing that was asked");
    }
}
