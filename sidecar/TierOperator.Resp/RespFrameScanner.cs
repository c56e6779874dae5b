namespace TierOperator.Resp;

public enum RespScan { Complete, Incomplete, Faulty }

/// <summary>
/// Finds where the frame at the start of a growing buffer ends, for those who read replies.
/// <list type="number">
/// <item>It goes on where it stopped: a byte of an incomplete frame is never looked at twice, and a bulk string's never at all.</item>
/// <item>It keeps one count per level of nesting and nothing per element, so that a promise of a billion elements costs nothing.</item>
/// </list>
/// </summary>
/// <remarks>One reader, not thread-safe. The buffer may move between calls, as long as it begins with the same frame.</remarks>
public sealed class RespFrameScanner(RespLimits limits)
{
    private readonly long[] _left = new long[limits.MaxDepth];
    private int _depth;
    private int _position;
    private int _lineSeen;
    private int _bulkEnd;

    /// <summary>After <see cref="RespScan.Complete"/>: the length of the frame, which the caller takes off its buffer.</summary>
    public int FrameBytes { get; private set; }

    /// <summary>After <see cref="RespScan.Incomplete"/>: with fewer bytes than this in the buffer, another scan is of no use.</summary>
    public int NeededBytes { get; private set; }

    /// <summary>After <see cref="RespScan.Faulty"/>: what is wrong.</summary>
    public string Fault { get; private set; } = "";

    public RespScan Scan(ReadOnlySpan<byte> buffered)
    {
        while (true)
        {
            var ended = _bulkEnd > 0 ? ScanBulk(buffered) : ScanLine(buffered);
            if (ended is { } result) return result;
            if (!CloseValue()) continue;
            FrameBytes = _position;
            Reset();
            return RespScan.Complete;
        }
    }

    /// <summary>Forgets an incomplete frame: the connection it came over is gone.</summary>
    public void Reset() => (_depth, _position, _lineSeen, _bulkEnd, _open) = (0, 0, 0, 0, false);

    // Set when the line just read opened an aggregate with elements: there is no value to close then.
    private bool _open;

    private RespScan? ScanBulk(ReadOnlySpan<byte> buffered)
    {
        if (buffered.Length < _bulkEnd) return Need(_bulkEnd);
        if (buffered[_bulkEnd - 2] != (byte)'\r' || buffered[_bulkEnd - 1] != (byte)'\n') return Fail("a bulk string does not end where its length says");
        (_position, _lineSeen, _bulkEnd) = (_bulkEnd, _bulkEnd, 0);
        return null;
    }

    private RespScan? ScanLine(ReadOnlySpan<byte> buffered)
    {
        var newline = _lineSeen < buffered.Length ? buffered[_lineSeen..].IndexOf((byte)'\n') : -1;
        if (newline < 0)
        {
            _lineSeen = Math.Max(_lineSeen, buffered.Length);
            return _lineSeen - _position > limits.MaxLineBytes ? Fail("a line is too long") : Need(_lineSeen + 1);
        }

        var end = _lineSeen + newline;
        if (end - _position > limits.MaxLineBytes) return Fail("a line is too long");
        if (end - _position < 2 || buffered[end - 1] != (byte)'\r') return Fail("a line does not end with CR LF");
        var line = buffered[_position..(end - 1)];
        (_position, _lineSeen) = (end + 1, end + 1);
        return TakeLine((RespType)line[0], line[1..]);
    }

    private RespScan? TakeLine(RespType type, ReadOnlySpan<byte> rest)
    {
        switch (type)
        {
            case RespType.SimpleString or RespType.Error or RespType.Double or RespType.BigNumber:
                return null;
            case RespType.Null:
                return rest.IsEmpty ? null : Fail("a null with a value");
            case RespType.Boolean:
                return rest is [(byte)'t' or (byte)'f'] ? null : Fail("a boolean that is neither t nor f");
            case RespType.Integer:
                return RespNumber.TryParse(rest, out _) ? null : Fail("an integer that is none");
            case RespType.BulkString or RespType.BulkError or RespType.VerbatimString:
                return OpenBulk(type, rest);
            case RespType.Array or RespType.Map or RespType.Set or RespType.Push or RespType.Attribute:
                return OpenAggregate(type, rest);
            default:
                return Fail($"a value begins with the byte 0x{(byte)type:x2}");
        }
    }

    private RespScan? OpenBulk(RespType type, ReadOnlySpan<byte> rest)
    {
        if (!RespNumber.TryParse(rest, out var length)) return Fail("a bulk string's length is no number");
        if (length == -1 && type == RespType.BulkString) return null;
        if (length < 0 || length > limits.MaxBulkBytes || _position + length + 2 > limits.MaxFrameBytes) return Fail("a bulk string's length is out of bounds");
        if (type == RespType.VerbatimString && length < 4) return Fail("a verbatim string without its form");
        _bulkEnd = _position + (int)length + 2;
        _open = true;
        return null;
    }

    private RespScan? OpenAggregate(RespType type, ReadOnlySpan<byte> rest)
    {
        if (!RespNumber.TryParse(rest, out var count)) return Fail("an aggregate's length is no number");
        if (count == -1 && type == RespType.Array) return null;
        if (count < 0 || count > int.MaxValue) return Fail("an aggregate's length is out of bounds");
        if (type is RespType.Map or RespType.Attribute) count *= 2;
        if (type == RespType.Attribute) count++;   // its value follows as one more element
        if (count == 0) return null;
        if (_depth == _left.Length) return Fail("aggregates are nested too deep");
        _left[_depth++] = count;
        _open = true;
        return null;
    }

    // True when the value that just ended was the frame's outermost.
    private bool CloseValue()
    {
        if (_open)
        {
            _open = false;
            return false;
        }

        while (_depth > 0 && --_left[_depth - 1] == 0) _depth--;
        return _depth == 0;
    }

    private RespScan Need(int bytes)
    {
        if (bytes > limits.MaxFrameBytes) return Fail("a frame is too large");
        NeededBytes = bytes;
        return RespScan.Incomplete;
    }

    private RespScan Fail(string fault)
    {
        Fault = "Protocol error: " + fault;
        return RespScan.Faulty;
    }
}
