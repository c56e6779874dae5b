using System.Text;

namespace TierOperator.Resp;

/// <summary>What a reader makes of a frame, as <see cref="RandomFrames"/> writes it.</summary>
internal static class FrameText
{
    public static string Of(ReadOnlySpan<byte> frame)
    {
        var reader = new RespReader(frame);
        var text = new StringBuilder();
        Append(ref reader, text);
        if (!reader.AtEnd) throw new RespException("bytes are left over");
        return text.ToString();
    }

    private static void Append(ref RespReader reader, StringBuilder text)
    {
        reader.Next();
        text.Append((char)(byte)reader.Type);
        if (!reader.IsAggregate)
        {
            if (!reader.IsNull) text.Append(Convert.ToHexString(reader.Value));
            text.Append(' ');
            return;
        }

        var count = reader.Count;
        text.Append(count).Append("[ ");
        for (var i = 0; i < count; i++) Append(ref reader, text);
        text.Append("] ");
    }
}
