namespace TierOperator.Resp;

/// <summary>
/// Splits an inline command into its arguments, as Redis' sdssplitargs does: blanks separate; double quotes take the escapes
/// <c>\xHH \n \r \t \b \a</c>; single quotes only <c>\'</c>; a closing quote is followed by a blank or the end.
/// </summary>
internal sealed class RespInline
{
    private readonly List<(int Offset, int Length)> _arguments = [];
    private byte[] _bytes = [];
    private int _used;

    public int Count => _arguments.Count;

    public ReadOnlySpan<byte> Argument(int index) => _bytes.AsSpan(_arguments[index].Offset, _arguments[index].Length);

    /// <summary>False when quotes are not balanced.</summary>
    public bool TrySplit(ReadOnlySpan<byte> line)
    {
        _arguments.Clear();
        _used = 0;
        // Unescaping never makes anything longer.
        if (_bytes.Length < line.Length) _bytes = new byte[line.Length];
        while (true)
        {
            while (!line.IsEmpty && IsBlank(line[0])) line = line[1..];
            if (line.IsEmpty || line[0] == 0) return true;
            var start = _used;
            if (!TakeArgument(ref line)) return false;
            _arguments.Add((start, _used - start));
        }
    }

    private bool TakeArgument(ref ReadOnlySpan<byte> line)
    {
        while (!line.IsEmpty && !IsBlank(line[0]) && line[0] != 0)
        {
            var first = line[0];
            line = line[1..];
            if (first is (byte)'"' or (byte)'\'') return TakeQuoted(ref line, first);
            _bytes[_used++] = first;
        }

        return true;
    }

    private bool TakeQuoted(ref ReadOnlySpan<byte> line, byte quote)
    {
        while (!line.IsEmpty)
        {
            if (line[0] == quote)
            {
                line = line[1..];
                return line.IsEmpty || IsBlank(line[0]);
            }

            var taken = quote == (byte)'"' ? Unescape(line, out var value) : UnescapeSingle(line, out value);
            _bytes[_used++] = value;
            line = line[taken..];
        }

        return false;
    }

    private static int Unescape(ReadOnlySpan<byte> text, out byte value)
    {
        value = text[0];
        if (value != (byte)'\\' || text.Length < 2) return 1;
        if (text.Length >= 4 && text[1] == (byte)'x' && char.IsAsciiHexDigit((char)text[2]) && char.IsAsciiHexDigit((char)text[3]))
        {
            value = Convert.FromHexString([(char)text[2], (char)text[3]])[0];
            return 4;
        }

        value = text[1] switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => 0x07,
            var other => other,
        };
        return 2;
    }

    private static int UnescapeSingle(ReadOnlySpan<byte> text, out byte value)
    {
        var isQuote = text is [(byte)'\\', (byte)'\'', ..];
        value = isQuote ? (byte)'\'' : text[0];
        return isQuote ? 2 : 1;
    }

    // What C's isspace takes.
    private static bool IsBlank(byte value) => value is (byte)' ' or (>= 9 and <= 13);
}
