using System.Net;
using System.Net.Sockets;
using System.Text;
using TierOperator.Resp;

namespace TierOperator.EndToEnd.Tests;

/// <summary>A Redis client's connection. Text stands for bytes one for one; nil is an empty text, errors begin with <c>-</c>.</summary>
internal sealed class RespConnection : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly RespFrameScanner _scanner = new(new RespLimits());
    private readonly RespBuffer _received = new();

    public static async Task<RespConnection> OpenAsync(IPEndPoint endpoint)
    {
        var connection = new RespConnection();
        await connection._socket.ConnectAsync(endpoint);
        return connection;
    }

    public async Task<string> CallAsync(params string[] command)
    {
        await SendAsync([command]);
        return await ReceiveAsync(1);
    }

    public async Task SendAsync(IEnumerable<string[]> commands)
    {
        using var writer = new RespWriter();
        foreach (var command in commands)
        {
            writer.Array(command.Length);
            foreach (var word in command) writer.Bulk(Encoding.Latin1.GetBytes(word));
        }

        using var patience = new CancellationTokenSource(s_patience);
        for (var left = writer.Written; !left.IsEmpty;) left = left[await _socket.SendAsync(left, patience.Token)..];
    }

    /// <summary>The last of so many replies.</summary>
    public async Task<string> ReceiveAsync(int count)
    {
        var last = "";
        for (var i = 0; i < count; i++) last = await NextAsync();
        return last;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _received.Dispose();
    }

    private async Task<string> NextAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (_received.Length == 0 || _scanner.Scan(_received.Buffered) == RespScan.Incomplete)
        {
            var count = await _socket.ReceiveAsync(_received.Room(), patience.Token);
            if (count == 0) throw new IOException("the connection was closed");
            _received.Filled(count);
        }

        if (_scanner.Fault.Length > 0) throw new InvalidOperationException(_scanner.Fault);
        var text = Shown(_received.Buffered[.._scanner.FrameBytes]);
        _received.Consume(_scanner.FrameBytes);
        return text;
    }

    private static string Shown(ReadOnlySpan<byte> frame)
    {
        var reader = new RespReader(frame);
        reader.Next();
        if (reader.IsNull || reader.IsAggregate) return "";
        return (frame[0] == '-' ? "-" : "") + Encoding.Latin1.GetString(reader.Value);
    }
}
