using System.Buffers.Text;

namespace TierOperator.Resp;

/// <summary>
/// Walks over one whole frame, value by value, without copying: <see cref="Value"/> lies in the frame's own bytes.
/// An aggregate is read as its head, then its elements.
/// </summary>
/// <remarks>For frames that <see cref="RespFrameScanner"/> found whole. A wrong type throws <see cref="RespException"/>.</remarks>
public ref struct RespReader(ReadOnlySpan<byte> frame)
{
    private readonly ReadOnlySpan<byte> _frame = frame;
    private int _position;

    /// <summary>The frame as it is.</summary>
    public readonly ReadOnlySpan<byte> Frame => _frame;

    /// <summary>The type of the value last read.</summary>
    public RespType Type { get; private set; }

    /// <summary>A scalar's bytes: the text of a line, the content of a bulk string (a verbatim string's form taken off).</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Elements of an aggregate; a map's keys and values both count.</summary>
    public int Count { get; private set; }

    public readonly bool IsNull => Type == RespType.Null;
    public readonly bool IsError => Type is RespType.Error or RespType.BulkError;
    public readonly bool IsAggregate => Type is RespType.Array or RespType.Map or RespType.Set or RespType.Push;
    public readonly bool AtEnd => _position >= _frame.Length;

    /// <summary>Reads the next value, or the head of the next aggregate; false at the end of the frame.</summary>
    public bool Read()
    {
        if (AtEnd) return false;
        ReadHead();
        while (Type == RespType.Attribute)
        {
            for (var left = Count; left > 0; left--)
            {
                Read();
                Skip();
            }

            ReadHead();
        }

        return true;
    }

    /// <summary>Passes over the elements of the aggregate whose head was read last; nothing for a scalar.</summary>
    public void Skip()
    {
        if (!IsAggregate) return;
        for (var left = Count; left > 0; left--)
        {
            if (!Read()) throw new RespException("the frame ends within an aggregate");
            Skip();
        }
    }

    /// <summary>Reads an aggregate's head; -1 for a null.</summary>
    public int ReadCount()
    {
        Next();
        if (IsNull) return -1;
        return IsAggregate ? Count : throw Unexpected("an aggregate");
    }

    /// <summary>Reads an integer, also one that stands as a string.</summary>
    public long ReadInteger()
    {
        Next();
        return !IsNull && !IsAggregate && RespNumber.TryParse(Value, out var value) ? value : throw Unexpected("an integer");
    }

    public double ReadDouble()
    {
        Next();
        if (Value.SequenceEqual("inf"u8)) return double.PositiveInfinity;
        if (Value.SequenceEqual("-inf"u8)) return double.NegativeInfinity;
        if (Value.SequenceEqual("nan"u8)) return double.NaN;
        return Utf8Parser.TryParse(Value, out double value, out var used) && used == Value.Length ? value : throw Unexpected("a double");
    }

    public bool ReadBoolean()
    {
        Next();
        return Type switch
        {
            RespType.Boolean => Value[0] == (byte)'t',
            RespType.Integer => !Value.SequenceEqual("0"u8),
            _ => throw Unexpected("a boolean"),
        };
    }

    /// <summary>Reads any string; false for a null.</summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> value)
    {
        Next();
        value = Value;
        if (IsNull) return false;
        return IsAggregate || IsError ? throw Unexpected("a string") : true;
    }

    /// <summary>Reads any string that is not null.</summary>
    public ReadOnlySpan<byte> ReadBytes() => TryReadBytes(out var value) ? value : throw Unexpected("a string");

    /// <summary>Reads the next value, which has to be there.</summary>
    public void Next()
    {
        if (!Read()) throw new RespException("the frame has fewer values than were asked for");
    }

    private void ReadHead()
    {
        Type = (RespType)_frame[_position];
        var line = TakeLine();
        Count = 0;
        Value = line;
        switch (Type)
        {
            case RespType.BulkString or RespType.BulkError or RespType.VerbatimString:
                TakeBulk(line);
                break;
            case RespType.Array or RespType.Map or RespType.Set or RespType.Push or RespType.Attribute:
                TakeAggregate(line);
                break;
            default:
                break;
        }
    }

    private void TakeBulk(ReadOnlySpan<byte> line)
    {
        var length = Length(line);
        if (length < 0)
        {
            Type = RespType.Null;
            Value = default;
            return;
        }

        if (length + 2 > _frame.Length - _position) throw new RespException("the frame ends within a bulk string");
        Value = _frame.Slice(_position, length);
        _position += length + 2;
        if (Type == RespType.VerbatimString) Value = Value[4..];
    }

    private void TakeAggregate(ReadOnlySpan<byte> line)
    {
        var count = Length(line);
        Value = default;
        if (count < 0) Type = RespType.Null;
        else Count = Type is RespType.Map or RespType.Attribute ? checked(count * 2) : count;
    }

    private static int Length(ReadOnlySpan<byte> line)
        => RespNumber.TryParse(line, out var value) && value is >= -1 and < int.MaxValue ? (int)value : throw new RespException("a length is no number");

    private ReadOnlySpan<byte> TakeLine()
    {
        var rest = _frame[_position..];
        var end = rest.IndexOf((byte)'\n');
        if (end < 2) throw new RespException("the frame ends within a line");
        _position += end + 1;
        return rest[1..(end - 1)];
    }

    private readonly RespException Unexpected(string wanted) => new($"{wanted} was expected, and {Type} came");
}
