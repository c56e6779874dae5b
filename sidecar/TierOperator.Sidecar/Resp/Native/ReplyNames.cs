using System.Text;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>Some replies name the key that they are about: the client gets its own name for it, at the one place where it stands.</summary>
internal static class ReplyNames
{
    public static byte[] Stripped(string command, byte[] frame, NativeServer server) => command switch
    {
        "blpop" or "brpop" or "bzpopmin" or "bzpopmax" or "lmpop" or "blmpop" or "zmpop" or "bzmpop" => FirstStripped(frame, server),
        "xread" or "xreadgroup" => StreamsStripped(frame, server),
        _ => frame,
    };

    /// <summary>An error that quotes a key quotes the client's own.</summary>
    public static NativeReply InClientsWords(NativeReply reply, NativeRequest request, NativeServer server)
    {
        if (reply.Fault is not null) return reply;
        var text = Encoding.Latin1.GetString(reply.Frame);
        foreach (var key in request.Keys)
            foreach (var name in (byte[][])[server.KeyOf(key), server.StandInOf(key)])
                text = text.Replace(Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(key), StringComparison.Ordinal);
        return new NativeReply(Encoding.Latin1.GetBytes(text), null);
    }

    private static byte[] FirstStripped(ReadOnlyMemory<byte> frame, NativeServer server)
    {
        var elements = ReplyFrames.Elements(frame);
        return elements.Count == 0 ? frame.ToArray() : ReplyFrames.With(frame, [Own(elements[0], server), .. elements.Skip(1)]);
    }

    // RESP3: a map of streams. RESP2: an array of pairs.
    private static byte[] StreamsStripped(ReadOnlyMemory<byte> frame, NativeServer server)
    {
        var elements = ReplyFrames.Elements(frame);
        if (elements.Count == 0) return frame.ToArray();
        var isMap = frame.Span[0] == (byte)'%';
        return ReplyFrames.With(frame, elements.Select((element, at) => isMap ? at % 2 == 0 ? Own(element, server) : element : FirstStripped(element, server)));
    }

    private static ReadOnlyMemory<byte> Own(ReadOnlyMemory<byte> element, NativeServer server)
        => ReplyFrames.ContentOf(element) is { } name && server.TryReadKey(name.Span, out var key) ? ReplyFrames.Bulk(key) : element;
}
