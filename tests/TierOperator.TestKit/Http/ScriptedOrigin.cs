using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace TierOperator.TestKit.Http;

/// <summary>
/// An HTTP/1.1 origin on bare sockets that plays a script: every request gets the reply that the script has for it, with
/// its length wrong, its end missing or its bytes no HTTP at all where the script says so. Thread-safe.
/// </summary>
public sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<OriginRequestSeen> _seen = new();
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly Func<OriginRequestSeen, OriginReply> _script;
    private readonly Func<Stream, Task<Stream>> _secure;
    private readonly Task _loop;

    /// <param name="script">What is answered to each request.</param>
    /// <param name="port">0 for a free one.</param>
    /// <param name="secure">Puts a layer on each connection, such as TLS.</param>
    public ScriptedOrigin(Func<OriginRequestSeen, OriginReply> script, int port = 0, Func<Stream, Task<Stream>>? secure = null)
    {
        _script = script;
        _secure = secure ?? Task.FromResult;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _loop = AcceptAsync();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every request that came, in the order in which it was read.</summary>
    public IReadOnlyList<OriginRequestSeen> Seen => [.. _seen];

    /// <summary>Connections that are open.</summary>
    public int Open => _open.Count;

    public IReadOnlyList<OriginRequestSeen> SeenOf(string path) => [.. _seen.Where(request => request.Target == path)];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        foreach (var socket in _open.Keys) socket.Dispose();
        await _loop;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                _open[socket] = true;
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException || (e is InvalidOperationException && _stop.IsCancellationRequested))
        {
            // Stopped; the last is what a listener says that was stopped between two connections.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var stream = await _secure(new NetworkStream(socket, ownsSocket: true));
            while (await ReadAsync(stream) is { } request)
            {
                _seen.Enqueue(request);
                if (!await ReplyAsync(stream, request, _script(request))) return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or AuthenticationException)
        {
            // The other side left, or the test is over.
        }
        finally
        {
            _open.TryRemove(socket, out _);
        }
    }

    /// <summary>True where the connection goes on.</summary>
    private async Task<bool> ReplyAsync(Stream stream, OriginRequestSeen request, OriginReply reply)
    {
        await reply.Before.WaitAsync(_stop.Token);
        if (reply.Raw is not null)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(reply.Raw), _stop.Token);
            return false;
        }

        var head = new StringBuilder($"HTTP/1.1 {reply.Status} Scripted\r\n");
        foreach (var field in reply.Fields) head.Append(field).Append("\r\n");
        var hasBody = reply.Status is not (204 or 304) && request.Method != "HEAD";
        var saysLength = reply.Fields.Any(field => field.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        if (reply.IsChunked) head.Append("Transfer-Encoding: chunked\r\n");
        else if (!reply.EndsWithConnection && !saysLength && reply.Status is not (204 or 304)) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {reply.Body.Length}\r\n");
        if (reply.EndsWithConnection) head.Append("Connection: close\r\n");
        var start = Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());

        // One write where nothing comes between: an origin that ends between two would be one that broke off.
        if (hasBody && reply is { IsChunked: false, CutAfter: null, Halfway.IsCompletedSuccessfully: true })
        {
            await stream.WriteAsync((byte[])[.. start, .. reply.Body], _stop.Token);
            return !reply.EndsWithConnection;
        }

        await stream.WriteAsync(start, _stop.Token);
        if (!hasBody) return !reply.EndsWithConnection;
        return await SendBodyAsync(stream, reply);
    }

    private async Task<bool> SendBodyAsync(Stream stream, OriginReply reply)
    {
        var body = reply.CutAfter is { } cut ? reply.Body.AsMemory(0, cut) : reply.Body;
        var half = body.Length / 2;
        await SendPartAsync(stream, reply, body[..half]);
        await reply.Halfway.WaitAsync(_stop.Token);
        await SendPartAsync(stream, reply, body[half..]);
        if (reply.CutAfter is not null) return false;
        if (reply.IsChunked) await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), _stop.Token);
        return !reply.EndsWithConnection;
    }

    private async Task SendPartAsync(Stream stream, OriginReply reply, ReadOnlyMemory<byte> part)
    {
        if (part.IsEmpty) return;
        if (reply.IsChunked) await stream.WriteAsync(Encoding.ASCII.GetBytes($"{part.Length:x}\r\n"), _stop.Token);
        await stream.WriteAsync(part, _stop.Token);
        if (reply.IsChunked) await stream.WriteAsync("\r\n"u8.ToArray(), _stop.Token);
    }

    private async Task<OriginRequestSeen?> ReadAsync(Stream stream)
    {
        var read = new List<byte>(1024);
        var one = new byte[1];
        while (!EndsHead(read))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0) return null;
            read.Add(one[0]);
        }

        var lines = Encoding.Latin1.GetString([.. read]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var start = lines[0].Split(' ');
        List<(string, string)> fields = [.. lines.Skip(1).Select(line => line.Split(':', 2)).Select(parts => (parts[0], parts[1].Trim()))];
        var request = new OriginRequestSeen(start[0], start[1], fields, []);
        var body = new byte[int.Parse(request["Content-Length"] ?? "0", CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return request with { Body = body };
    }

    private static bool EndsHead(List<byte> read)
        => read.Count >= 4 && read[^4] == '\r' && read[^3] == '\n' && read[^2] == '\r' && read[^1] == '\n';
}
