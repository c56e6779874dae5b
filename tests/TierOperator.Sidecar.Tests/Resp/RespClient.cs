using System.Net;
using System.Net.Sockets;
using System.Text;
using TierOperator.Resp;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>A bare client: sends commands or any bytes, and shows replies as text that keeps every type apart.</summary>
internal sealed class RespClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly RespFrameScanner _scanner = new(new RespLimits());
    private readonly byte[] _chunk = new byte[64 * 1024];
    private byte[] _received = [];

    public static async Task<RespClient> ConnectAsync(IPEndPoint endpoint)
    {
        var client = new RespClient();
        await client._socket.ConnectAsync(endpoint);
        return client;
    }

    /// <summary>The port that this client has on its side.</summary>
    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public async Task<string> CallAsync(params string[] arguments)
    {
        await SendAsync(arguments);
        return await ReceiveAsync() ?? "closed";
    }

    public Task SendAsync(params string[] arguments) => SendRawAsync(Encode(arguments));

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, patience.Token)..];
    }

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next reply; null when the server has closed.</summary>
    public async Task<string?> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (_received.Length == 0 || _scanner.Scan(_received) == RespScan.Incomplete)
        {
            int count;
            try
            {
                count = await _socket.ReceiveAsync(_chunk, patience.Token);
            }
            catch (SocketException)
            {
                return null;
            }

            if (count == 0) return null;
            _received = [.. _received, .. _chunk.AsSpan(0, count)];
        }

        if (_scanner.Fault.Length > 0) throw new RespException(_scanner.Fault);
        var text = ReplyText.Of(_received.AsSpan(0, _scanner.FrameBytes));
        _received = _received[_scanner.FrameBytes..];
        return text;
    }

    /// <summary>Latin-1 in strings stands for bytes.</summary>
    public static byte[] Encode(params string[] arguments)
    {
        using var writer = new RespWriter();
        writer.Array(arguments.Length);
        foreach (var argument in arguments) writer.Bulk(Encoding.Latin1.GetBytes(argument));
        return writer.Written.ToArray();
    }

    public void Dispose() => _socket.Dispose();
}
