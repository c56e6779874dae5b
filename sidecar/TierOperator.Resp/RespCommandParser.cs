namespace TierOperator.Resp;

public enum RespCommandStatus
{
    /// <summary>A command is whole: its arguments can be read, and <see cref="RespCommandParser.ConsumedBytes"/> taken off the buffer.</summary>
    Command,

    /// <summary>An empty line or array, which asks for nothing and gets no reply: take it off the buffer and go on.</summary>
    Empty,
    Incomplete,

    /// <summary>
    /// A large argument begins at <see cref="RespCommandParser.LargeOffset"/>: the caller takes it and its CR LF out of the stream,
    /// cuts from the buffer what of them is there already, calls <see cref="RespCommandParser.LargeTaken"/> and parses on.
    /// </summary>
    Large,

    /// <summary>The client broke the protocol: <see cref="RespCommandParser.Fault"/> is its last reply.</summary>
    Faulty,
}

/// <summary>
/// Finds commands in a growing buffer, for a server: arrays of bulk strings, and inline commands. It goes on where it stopped, never
/// looks into an argument, keeps eight bytes per argument that has arrived, and refuses with Redis' own words.
/// </summary>
/// <remarks>
/// One reader, not thread-safe. The buffer may move between calls as long as it begins with the same command. As Redis does, it
/// trusts a bulk string's length and passes over the two bytes behind it.
/// </remarks>
public sealed class RespCommandParser(RespCommandLimits limits)
{
    private readonly RespInline _inline = new();
    private (int Offset, int Length)[] _arguments = new (int, int)[16];
    private bool _isInline;
    private int _position;
    private int _lineSeen;
    private int _bulkLength = -1;
    private long _expected = -1;

    /// <summary>Arguments of the command, its name included.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the command (after Command, Empty) at the start of the buffer.</summary>
    public int ConsumedBytes { get; private set; }

    /// <summary>After Incomplete: with fewer bytes than this in the buffer, parsing again is of no use.</summary>
    public int NeededBytes { get; private set; }
    public int LargeOffset => _position;
    public int LargeLength => _bulkLength;

    /// <summary>After Faulty: the error's text without the leading <c>-</c>.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>Refuses more than ten arguments, or one over 16 KiB, as Redis does before a client has authenticated.</summary>
    public bool IsUnauthenticated { get; set; }

    /// <summary>True for an argument that was streamed: its bytes are not in the buffer.</summary>
    public bool IsLarge(int index) => !_isInline && _arguments[index].Length < 0;

    /// <summary>An argument of the command last found; valid until the buffer changes or another is parsed.</summary>
    public ReadOnlySpan<byte> Argument(ReadOnlySpan<byte> buffered, int index)
    {
        if (_isInline) return _inline.Argument(index);
        var (offset, length) = _arguments[index];
        return buffered.Slice(offset, Math.Max(length, 0));
    }

    /// <summary>Where an argument lies in the buffer; not for inline commands.</summary>
    public (int Offset, int Length) Place(int index) => _arguments[index];

    public bool IsInline => _isInline;

    public RespCommandStatus Parse(ReadOnlySpan<byte> buffered)
    {
        if (_position == 0)
        {
            if (_lineSeen == 0) Count = 0;
            if (buffered.IsEmpty) return Need(1);
            _isInline = buffered[0] != (byte)'*';
            if (_isInline) return ParseInline(buffered);
            if (ReadLength(buffered, '*', out _expected) is { } started) return started;
            if (_expected <= 0) return Finish(RespCommandStatus.Empty);
        }

        while (_expected > 0)
        {
            if (ReadArgument(buffered) is { } stopped) return stopped;
        }

        return Finish(RespCommandStatus.Command);
    }

    /// <summary>The caller has taken the large argument and its CR LF out of stream and buffer.</summary>
    public void LargeTaken()
    {
        AddArgument(_position, -1);
        _bulkLength = -1;
    }

    private RespCommandStatus? ReadArgument(ReadOnlySpan<byte> buffered)
    {
        if (_bulkLength < 0)
        {
            if (ReadLength(buffered, '$', out var length) is { } stopped) return stopped;
            _bulkLength = (int)length;
        }

        if (_bulkLength >= limits.LargeFrom) return RespCommandStatus.Large;
        var end = _position + (long)_bulkLength + 2;
        if (end > Array.MaxLength) return Fail("Protocol error: too big command");
        if (buffered.Length < end) return Need((int)end);
        AddArgument(_position, _bulkLength);
        (_position, _lineSeen, _bulkLength) = ((int)end, (int)end, -1);
        return null;
    }

    // Reads a line "*N" or "$N"; null when it stands in `length` and the position is behind it.
    private RespCommandStatus? ReadLength(ReadOnlySpan<byte> buffered, char kind, out long length)
    {
        length = -1;
        _lineSeen = Math.Max(_lineSeen, _position);
        var found = IndexOf(buffered[_lineSeen..], (byte)'\r');
        var end = found < 0 ? buffered.Length : _lineSeen + found;
        if (end - _position > limits.MaxInlineBytes)
            return Fail(kind == '*' ? "Protocol error: too big mbulk count string" : "Protocol error: too big bulk count string");
        if (found >= 0) _lineSeen = end;
        if (found < 0 || end + 1 >= buffered.Length) return Need(buffered.Length + 1);
        // Redis looks at the first letter only when the line is whole.
        if (buffered[_position] != kind) return Fail($"Protocol error: expected '{kind}', got '{(char)buffered[_position]}'");
        var valid = RespNumber.TryParse(buffered[(_position + 1)..end], out length);
        if ((kind == '*' ? CheckCount(valid, length) : CheckBulk(valid, length)) is { } fault) return Fail(fault);
        (_position, _lineSeen) = (end + 2, end + 2);
        return null;
    }

    private string? CheckCount(bool valid, long count) => valid switch
    {
        false => "Protocol error: invalid multibulk length",
        true when count > limits.MaxArguments => "Protocol error: invalid multibulk length",
        true when count > 10 && IsUnauthenticated => "Protocol error: unauthenticated multibulk length",
        _ => null,
    };

    private string? CheckBulk(bool valid, long length) => valid switch
    {
        false => "Protocol error: invalid bulk length",
        true when length < 0 || length > limits.MaxBulkBytes => "Protocol error: invalid bulk length",
        true when length > 16384 && IsUnauthenticated => "Protocol error: unauthenticated bulk length",
        _ => null,
    };

    private RespCommandStatus ParseInline(ReadOnlySpan<byte> buffered)
    {
        var found = IndexOf(buffered[_lineSeen..], (byte)'\n');
        if (found < 0)
        {
            return buffered.Length > limits.MaxInlineBytes ? Fail("Protocol error: too big inline request") : Need(buffered.Length + 1);
        }

        var end = _lineSeen + found;
        var line = buffered[..end];
        if (line is [.., (byte)'\r']) line = line[..^1];
        if (!_inline.TrySplit(line)) return Fail("Protocol error: unbalanced quotes in request");
        Count = _inline.Count;
        _position = end + 1;
        return Finish(Count == 0 ? RespCommandStatus.Empty : RespCommandStatus.Command);
    }

    // Redis looks for a line's end as for a C string's: a zero byte hides what is behind it, and the line never ends.
    private static int IndexOf(ReadOnlySpan<byte> rest, byte end)
    {
        var found = rest.IndexOfAny(end, (byte)0);
        return found >= 0 && rest[found] == end ? found : -1;
    }

    private void AddArgument(int offset, int length)
    {
        if (Count == _arguments.Length) Array.Resize(ref _arguments, Count * 2);
        _arguments[Count++] = (offset, length);
        _expected--;
    }

    private RespCommandStatus Finish(RespCommandStatus status)
    {
        ConsumedBytes = _position;
        (_position, _lineSeen, _bulkLength, _expected) = (0, 0, -1, -1);
        if (_arguments.Length > KeptArguments && Count <= KeptArguments) _arguments = CopyOfUsed();
        return status;
    }

    // A client that once sent a command of a million arguments must not hold their table for ever.
    private const int KeptArguments = 1024;

    private (int Offset, int Length)[] CopyOfUsed()
    {
        var kept = new (int, int)[KeptArguments];
        Array.Copy(_arguments, kept, Count);
        return kept;
    }

    private RespCommandStatus Need(int bytes)
    {
        NeededBytes = bytes;
        return RespCommandStatus.Incomplete;
    }

    private RespCommandStatus Fail(string fault)
    {
        Fault = "ERR " + fault;
        return RespCommandStatus.Faulty;
    }
}
