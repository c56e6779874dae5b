using System.Text;
using TierOperator.Resp;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>A reply as text: its type's letter, then its content; two replies are equal when their texts are.</summary>
internal static class ReplyText
{
    public static string Of(ReadOnlySpan<byte> frame)
    {
        var reader = new RespReader(frame);
        return Next(ref reader);
    }

    private static string Next(ref RespReader reader)
    {
        reader.Next();
        var letter = (char)(byte)reader.Type;
        if (reader.IsNull) return "nil";
        if (!reader.IsAggregate) return letter + Encoding.Latin1.GetString(reader.Value);
        var elements = new List<string>();
        var count = reader.Count;
        for (var i = 0; i < count; i++) elements.Add(Next(ref reader));
        return $"{letter}[{string.Join(' ', elements)}]";
    }

    /// <summary>The same whatever the order of an aggregate's elements; of pairs where <paramref name="isPairs"/>.</summary>
    public static string Sorted(string reply, bool isPairs)
    {
        var open = reply.IndexOf('[', StringComparison.Ordinal);
        if (open < 0 || !reply.EndsWith(']')) return reply;
        var elements = reply[(open + 1)..^1].Split(' ');
        var groups = isPairs ? elements.Chunk(2).Select(pair => string.Join(' ', pair)) : elements;
        return reply[..(open + 1)] + string.Join(' ', groups.Order(StringComparer.Ordinal)) + "]";
    }
}
