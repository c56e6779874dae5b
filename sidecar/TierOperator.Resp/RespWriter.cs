using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace TierOperator.Resp;

/// <summary>
/// Writes values into one growing pooled buffer, in the form that <see cref="Protocol"/> knows: what RESP2 has no type for (maps, sets,
/// doubles, booleans, pushes) is written there as Redis does.
/// </summary>
/// <remarks>One owner, not thread-safe. Text of lines must not hold CR or LF; errors are cleaned of them.</remarks>
public sealed class RespWriter(int initialBytes = 4 * 1024) : IDisposable
{
    private byte[] _bytes = [];

    /// <summary>2 or 3.</summary>
    public int Protocol { get; set; } = 2;
    public int Length { get; private set; }
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>The bytes held in the pool's array now.</summary>
    public int ReservedBytes => _bytes.Length;

    /// <summary>Forgets what was written; an array larger than <paramref name="keepBytes"/> goes back to the pool.</summary>
    public void Clear(int keepBytes = 64 * 1024)
    {
        Length = 0;
        if (_bytes.Length > keepBytes) Dispose();
    }

    /// <summary>Takes back what was written beyond a length: for a reply that turned out to be an error.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Takes bytes off the start, which were sent.</summary>
    public void Discard(int count)
    {
        _bytes.AsSpan(count, Length - count).CopyTo(_bytes);
        Length -= count;
    }

    public void Array(int count) => Head('*', count);
    public void Map(int pairs) => Head(Protocol == 3 ? '%' : '*', Protocol == 3 ? pairs : pairs * 2L);
    public void Set(int count) => Head(Protocol == 3 ? '~' : '*', count);
    public void Push(int count) => Head(Protocol == 3 ? '>' : '*', count);
    public void Integer(long value) => Head(':', value);

    public void Bulk(ReadOnlySpan<byte> value)
    {
        BulkHead(value.Length);
        Raw(value);
        Raw("\r\n"u8);
    }

    /// <summary>A bulk string's head alone: its content and CR LF follow by <see cref="Raw"/> or <see cref="Room"/>.</summary>
    public void BulkHead(long length) => Head('$', length);

    public void Bulk(ReadOnlySpan<char> text)
    {
        BulkHead(Encoding.UTF8.GetByteCount(text));
        Text(text);
        Raw("\r\n"u8);
    }

    /// <summary>An integer as a bulk string: the form of a command's arguments.</summary>
    public void BulkInteger(long value)
    {
        Span<byte> digits = stackalloc byte[RespNumber.MaxDigits];
        Bulk(digits[..RespNumber.Format(value, digits)]);
    }

    public void Simple(ReadOnlySpan<byte> text)
    {
        Raw("+"u8);
        Raw(text);
        Raw("\r\n"u8);
    }

    /// <summary>An error, code first: <c>WRONGTYPE Operation …</c>. Line ends in it become blanks.</summary>
    public void Error(ReadOnlySpan<char> text)
    {
        Raw("-"u8);
        var start = Length;
        Text(text);
        EndError(start);
    }

    /// <summary>An error whose text may hold any bytes, such as a client's own words.</summary>
    public void Error(ReadOnlySpan<byte> text)
    {
        Raw("-"u8);
        var start = Length;
        Raw(text);
        EndError(start);
    }

    private void EndError(int start)
    {
        foreach (ref var one in _bytes.AsSpan(start, Length - start))
        {
            if (one is (byte)'\r' or (byte)'\n') one = (byte)' ';
        }

        Raw("\r\n"u8);
    }

    public void Null() => Raw(Protocol == 3 ? "_\r\n"u8 : "$-1\r\n"u8);
    public void NullArray() => Raw(Protocol == 3 ? "_\r\n"u8 : "*-1\r\n"u8);

    public void Boolean(bool value)
    {
        if (Protocol == 3) Raw(value ? "#t\r\n"u8 : "#f\r\n"u8);
        else Integer(value ? 1 : 0);
    }

    public void Double(double value)
    {
        Span<byte> digits = stackalloc byte[32];
        var length = Format(value, digits);
        if (Protocol == 2)
        {
            Bulk(digits[..length]);
            return;
        }

        Raw(","u8);
        Raw(digits[..length]);
        Raw("\r\n"u8);
    }

    /// <summary>A text in a form of three letters (<c>txt</c>, <c>mkd</c>); a plain bulk string in RESP2.</summary>
    public void Verbatim(ReadOnlySpan<byte> form, ReadOnlySpan<byte> text)
    {
        if (Protocol == 2)
        {
            Bulk(text);
            return;
        }

        Head('=', text.Length + 4L);
        Raw(form);
        Raw(":"u8);
        Raw(text);
        Raw("\r\n"u8);
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Room for at least so many bytes, to be written in place and told by <see cref="Filled"/>.</summary>
    public Span<byte> Room(int count)
    {
        if (count > _bytes.Length - Length) Grow(count);
        return _bytes.AsSpan(Length);
    }

    public void Filled(int count) => Length += count;

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, Length) = ([], 0);
    }

    private static int Format(double value, Span<byte> target)
    {
        var special = double.IsNaN(value) ? "nan"u8 : double.IsPositiveInfinity(value) ? "inf"u8 : double.IsNegativeInfinity(value) ? "-inf"u8 : default;
        if (!special.IsEmpty)
        {
            special.CopyTo(target);
            return special.Length;
        }

        Utf8Formatter.TryFormat(value, target, out var written);
        return written;
    }

    private void Head(char kind, long value)
    {
        var room = Room(RespNumber.MaxDigits + 3);
        room[0] = (byte)kind;
        var end = 1 + RespNumber.Format(value, room[1..]);
        (room[end], room[end + 1]) = ((byte)'\r', (byte)'\n');
        Length += end + 2;
    }

    private void Text(ReadOnlySpan<char> text)
        => Length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(Math.Max(initialBytes, 2L * Length), (long)Length + count), System.Array.MaxLength));
        Written.Span.CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
