using System.Text;
using TierOperator.Resp;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>Replies of the server taken apart, put together, and freed of the policy's prefix.</summary>
internal static class ReplyFrames
{
    /// <summary>The elements of an aggregate, whole; a map's keys and values in turn. Empty for anything else.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> frame)
    {
        var elements = new List<ReadOnlyMemory<byte>>();
        if (frame.Length < 4 || frame.Span[0] is not ((byte)'*' or (byte)'%' or (byte)'~')) return elements;
        var scanner = new RespFrameScanner(new RespLimits());
        for (var at = HeadLength(frame.Span); at < frame.Length;)
        {
            if (scanner.Scan(frame.Span[at..]) != RespScan.Complete) throw new RespException("the reply ends within an element");
            elements.Add(frame.Slice(at, scanner.FrameBytes));
            at += scanner.FrameBytes;
        }

        return elements;
    }

    /// <summary>The same aggregate with other elements.</summary>
    public static byte[] With(ReadOnlyMemory<byte> frame, IEnumerable<ReadOnlyMemory<byte>> elements)
    {
        var bytes = new List<byte>(frame.Length);
        bytes.AddRange(frame.Span[..HeadLength(frame.Span)]);
        foreach (var element in elements) bytes.AddRange(element.Span);
        return [.. bytes];
    }

    public static byte[] Bulk(ReadOnlySpan<byte> value) => [.. Encoding.ASCII.GetBytes($"${value.Length}\r\n"), .. value, .. "\r\n"u8];

    /// <summary>The content of a bulk string; null for anything else.</summary>
    public static ReadOnlyMemory<byte>? ContentOf(ReadOnlyMemory<byte> frame)
    {
        if (frame.Span is not [(byte)'$', not (byte)'-', ..]) return null;
        var head = HeadLength(frame.Span);
        return frame[head..^2];
    }

    private static int HeadLength(ReadOnlySpan<byte> frame) => frame.IndexOf((byte)'\n') + 1;
}
