using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Sockets;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// Replies on their way to one client, in order: bytes, large values that are sent from where they lie, and replies that are
/// held back until their write is as durable as its rule asks.
/// </summary>
internal sealed class RespOutput : IDisposable
{
    private const int CompactFrom = 256 * 1024;
    private readonly List<(int At, LargeValue Value)> _large = [];
    private readonly List<HeldReply> _held = [];
    private int _sent;
    private long _sentOfLarge;
    private long _largeBytes;

    public RespWriter Writer { get; } = new(32 * 1024);

    /// <summary>Bytes that wait, large values included.</summary>
    public long Unsent => Writer.Length - _sent + _largeBytes - _sentOfLarge;

    public bool IsEmpty => _sent == Writer.Length && _large.Count == 0;

    /// <summary>
    /// The socket took less than there was for it, so its room is worth waiting for. Replies that are held back do not count: a socket
    /// with room would wake the event thread without end until their write is durable.
    /// </summary>
    public bool IsStuck { get; private set; }

    /// <summary>Bytes of memory that this connection's replies hold.</summary>
    public long ReservedBytes => Writer.ReservedBytes + _largeBytes;

    /// <summary>The content of a bulk string whose head was written: sent from its chunks, then released.</summary>
    public void Insert(LargeValue value) => Insert(Writer.Length, value);

    /// <summary>The same at a position that lies behind every earlier one.</summary>
    public void Insert(int at, LargeValue value)
    {
        _large.Add((at, value));
        _largeBytes += value.Length;
    }

    /// <summary>Takes back what was written since a position, before any of it was sent.</summary>
    public void TakeBack(int start)
    {
        Writer.Truncate(start);
        Drop(start, int.MaxValue);
    }

    /// <summary>Holds back what was written since a position, and all that follows, until it is told the outcome.</summary>
    public HeldReply Hold(int start)
    {
        var held = new HeldReply { Start = start, End = Writer.Length };
        _held.Add(held);
        return held;
    }

    /// <summary>The write of a held reply was decided; with an error, that is the reply.</summary>
    public void Decide(HeldReply held, string? error)
    {
        held.IsDecided = true;
        if (error is not null) Rewrite(held, error);
    }

    /// <summary>Sends what may be sent. False when the connection is broken.</summary>
    public bool Flush(ClientSocket socket)
    {
        ForgetDecided();
        IsStuck = false;
        var end = _held.Count > 0 ? _held[0].Start : Writer.Length;
        while (true)
        {
            var stop = _large.Count > 0 ? Math.Min(_large[0].At, end) : end;
            if (_sent < stop)
            {
                var sent = socket.Send(Writer.Written.Span[_sent..stop]);
                if (sent == -2) return false;
                IsStuck = sent < 0;
                if (IsStuck) break;
                _sent += sent;
                continue;
            }

            if (_large.Count == 0 || _large[0].At > end || _large[0].At != _sent) break;
            var answer = SendLarge(socket);
            if (answer == -2) return false;
            IsStuck = answer < 0;
            if (IsStuck) break;
        }

        Forget();
        return true;
    }

    public void Dispose()
    {
        foreach (var (_, value) in _large) value.Release();
        _large.Clear();
        _held.Clear();
        Writer.Dispose();
    }

    private int SendLarge(ClientSocket socket)
    {
        var value = _large[0].Value;
        while (_sentOfLarge < value.Length)
        {
            var chunk = value.Chunk((int)(_sentOfLarge / LargeValue.ChunkBytes)).Span[(int)(_sentOfLarge % LargeValue.ChunkBytes)..];
            var sent = socket.Send(chunk);
            if (sent < 0) return sent;
            _sentOfLarge += sent;
        }

        _largeBytes -= value.Length;
        _sentOfLarge = 0;
        value.Release();
        _large.RemoveAt(0);
        return 0;
    }

    private void ForgetDecided()
    {
        var decided = 0;
        while (decided < _held.Count && _held[decided].IsDecided) decided++;
        if (decided > 0) _held.RemoveRange(0, decided);
    }

    private void Forget()
    {
        if (_sent == Writer.Length && _large.Count == 0 && _held.Count == 0)
        {
            Writer.Clear(0);
            _sent = 0;
            return;
        }

        if (_sent > CompactFrom) Compact();
    }

    // A client that is always a little behind would else never let the buffer start anew.
    private void Compact()
    {
        Writer.Discard(_sent);
        for (var i = 0; i < _large.Count; i++) _large[i] = (_large[i].At - _sent, _large[i].Value);
        foreach (var held in _held) (held.Start, held.End) = (held.Start - _sent, held.End - _sent);
        _sent = 0;
    }

    private void Drop(int start, int end)
    {
        for (var i = _large.Count - 1; i >= 0; i--)
        {
            if (_large[i].At <= start || _large[i].At >= end) continue;
            _largeBytes -= _large[i].Value.Length;
            _large[i].Value.Release();
            _large.RemoveAt(i);
        }
    }

    private void Rewrite(HeldReply held, string error)
    {
        Drop(held.Start, held.End);
        var tail = Writer.Written[held.End..].ToArray();
        Writer.Truncate(held.Start);
        Writer.Error(error);
        var shift = Writer.Length - held.End;
        Writer.Raw(tail);
        for (var i = 0; i < _large.Count; i++)
            if (_large[i].At >= held.End) _large[i] = (_large[i].At + shift, _large[i].Value);
        foreach (var later in _held)
            if (later != held && later.Start >= held.End) (later.Start, later.End) = (later.Start + shift, later.End + shift);
        held.End += shift;
    }
}

/// <summary>A reply that waits for its write's ack level.</summary>
internal sealed class HeldReply
{
    public int Start { get; set; }
    public int End { get; set; }
    public bool IsDecided { get; set; }
}
