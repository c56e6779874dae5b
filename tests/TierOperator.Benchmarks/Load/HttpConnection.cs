using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Benchmarks.Load;

/// <summary>An answer's status, the tier that gave it (empty where none is named) and its body's length.</summary>
internal readonly record struct Reply(int Status, string Source, long BodyBytes);

/// <summary>
/// One keep-alive HTTP/1.1 connection on a bare socket: a request at a time, bodies are counted and thrown away. Written by
/// hand because on two cores a general client takes more processor time than the server that it measures.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly Socket socket;
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly List<(byte[] Bytes, string Name)> sources = [];

    // Bytes [start, end) of the buffer are received and not yet consumed.
    private int start;
    private int end;

    private HttpConnection(Socket socket) => this.socket = socket;

    public static async Task<HttpConnection> ConnectAsync(EndPoint target, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, cancellation);
            return new HttpConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<Reply> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        while (request.Length > 0) request = request[await socket.SendAsync(request, cancellation)..];
        int headLength;
        while ((headLength = buffer.AsSpan(start, end - start).IndexOf(EndOfHead)) < 0) await ReceiveAsync(cancellation);
        var reply = ReadHead(buffer.AsSpan(start, headLength + 2), out var contentLength, out var chunked);
        start += headLength + EndOfHead.Length;
        if (reply.Status is 204 or 304 or < 200) return reply;
        return reply with { BodyBytes = chunked ? await SkipChunksAsync(cancellation) : await SkipAsync(contentLength, cancellation) };
    }

    public void Dispose() => socket.Dispose();

    private Reply ReadHead(ReadOnlySpan<byte> head, out long contentLength, out bool chunked)
    {
        contentLength = 0;
        chunked = false;
        var source = "";
        var status = Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int parsed, out _) ? parsed : 0;
        head = head[(head.IndexOf("\r\n"u8) + 2)..];
        while (head.IndexOf("\r\n"u8) is var length and > 0)
        {
            var line = head[..length];
            head = head[(length + 2)..];
            if (Is(line, "content-length:"u8)) _ = Utf8Parser.TryParse(Value(line), out contentLength, out _);
            else if (Is(line, "tier-source:"u8)) source = NameOf(Value(line));
            else if (Is(line, "transfer-encoding:"u8)) chunked = true;
        }

        return new Reply(status, source, 0);
    }

    private static bool Is(ReadOnlySpan<byte> line, ReadOnlySpan<byte> lowerName) =>
        line.Length > lowerName.Length && System.Text.Ascii.EqualsIgnoreCase(line[..lowerName.Length], lowerName);

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> line) => line[(line.IndexOf((byte)':') + 1)..].Trim((byte)' ');

    // There are a handful of tiers: remembering them spares a string for each answer.
    private string NameOf(ReadOnlySpan<byte> value)
    {
        foreach (var (bytes, known) in sources)
            if (value.SequenceEqual(bytes)) return known;
        var name = System.Text.Encoding.ASCII.GetString(value);
        sources.Add((value.ToArray(), name));
        return name;
    }

    private async ValueTask<long> SkipAsync(long length, CancellationToken cancellation)
    {
        var left = length;
        while (true)
        {
            var taken = (int)Math.Min(left, end - start);
            start += taken;
            left -= taken;
            if (left == 0) return length;
            await ReceiveAsync(cancellation);
        }
    }

    private async ValueTask<long> SkipChunksAsync(CancellationToken cancellation)
    {
        for (long total = 0; ;)
        {
            int line;
            while ((line = buffer.AsSpan(start, end - start).IndexOf("\r\n"u8)) < 0) await ReceiveAsync(cancellation);
            _ = Utf8Parser.TryParse(buffer.AsSpan(start, line), out long size, out _, 'x');
            start += line + 2;
            await SkipAsync(size + 2, cancellation);
            if (size == 0) return total;
            total += size;
        }
    }

    private async ValueTask ReceiveAsync(CancellationToken cancellation)
    {
        if (start == end) start = end = 0;
        if (end == buffer.Length)
        {
            if (start == 0) throw new InvalidDataException("an answer's head is longer than 64 KiB");
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }

        var received = await socket.ReceiveAsync(buffer.AsMemory(end), cancellation);
        if (received == 0) throw new EndOfStreamException("the server closed the connection before its answer was whole");
        end += received;
    }
}
