using System.Text;

namespace TierOperator.Resp;

/// <summary>Random values of the protocol, as their bytes and as a text that says what they are. One seed, one sequence.</summary>
internal sealed class RandomFrames(int seed)
{
    private readonly Random _random = new(seed);

    public (byte[] Bytes, string Text) Next()
    {
        var (bytes, text) = (new MemoryStream(), new StringBuilder());
        Value(bytes, text, 0);
        return (bytes.ToArray(), text.ToString());
    }

    private void Value(MemoryStream bytes, StringBuilder text, int depth)
    {
        switch (_random.Next(depth < 4 ? 13 : 8))
        {
            case 0: Line(bytes, text, "+", Word()); break;
            case 1: Line(bytes, text, "-", "ERR " + Word()); break;
            case 2: Line(bytes, text, ":", _random.NextInt64(long.MinValue, long.MaxValue).ToString()); break;
            case 3: Bulk(bytes, text, "$"); break;
            case 4: Line(bytes, text, "_", ""); break;
            case 5: Line(bytes, text, "#", _random.Next(2) == 0 ? "t" : "f"); break;
            case 6: Line(bytes, text, ",", _random.NextDouble().ToString("R")); break;
            case 7: Null(bytes, text); break;
            case 8: Aggregate(bytes, text, "*", 1, depth); break;
            case 9: Aggregate(bytes, text, "%", 2, depth); break;
            case 10: Aggregate(bytes, text, "~", 1, depth); break;
            case 11: Aggregate(bytes, text, ">", 1, depth); break;
            default: Attribute(bytes, text, depth); break;
        }
    }

    private void Bulk(MemoryStream bytes, StringBuilder text, string kind)
    {
        var content = new byte[_random.Next(3) == 0 ? 0 : _random.Next(40)];
        _random.NextBytes(content);
        bytes.Write(Encoding.ASCII.GetBytes($"{kind}{content.Length}\r\n"));
        bytes.Write(content);
        bytes.Write("\r\n"u8);
        text.Append(kind).Append(Convert.ToHexString(content)).Append(' ');
    }

    private void Null(MemoryStream bytes, StringBuilder text)
    {
        bytes.Write(_random.Next(2) == 0 ? "$-1\r\n"u8 : "*-1\r\n"u8);
        text.Append("_ ");
    }

    private void Aggregate(MemoryStream bytes, StringBuilder text, string kind, int perCount, int depth)
    {
        var count = _random.Next(5);
        bytes.Write(Encoding.ASCII.GetBytes($"{kind}{count}\r\n"));
        text.Append(kind).Append(count * perCount).Append("[ ");
        for (var i = 0; i < count * perCount; i++) Value(bytes, text, depth + 1);
        text.Append("] ");
    }

    // A reader passes over it: only the value behind it stands in the text.
    private void Attribute(MemoryStream bytes, StringBuilder text, int depth)
    {
        bytes.Write("|1\r\n"u8);
        Value(bytes, new StringBuilder(), depth + 1);
        Value(bytes, new StringBuilder(), depth + 1);
        Value(bytes, text, depth + 1);
    }

    private static void Line(MemoryStream bytes, StringBuilder text, string kind, string content)
    {
        bytes.Write(Encoding.ASCII.GetBytes($"{kind}{content}\r\n"));
        text.Append(kind).Append(kind is "$" ? content : Convert.ToHexString(Encoding.ASCII.GetBytes(content))).Append(' ');
    }

    private string Word() => new([.. Enumerable.Range(0, _random.Next(12)).Select(_ => (char)_random.Next(' ', '~'))]);
}
