using System.Net;
using System.Net.Sockets;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Sidecar.Resp.Sockets;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>When a client's socket is worth waiting for: only where it took less than there was for it.</summary>
public sealed class RespOutputTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ClientSocket _socket;

    public RespOutputTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _client.Connect(_listener.LocalEndPoint!);
        Assert.True(_listener.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));
        _socket = ClientSocket.Accept((int)_listener.Handle, out _)!.Value;
    }

    public void Dispose()
    {
        _socket.Close();
        _client.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void Flush_ReplyHeldBack_IsNotStuckThoughItWaits()
    {
        using var output = new RespOutput();
        output.Writer.Simple("OK"u8);
        var held = output.Hold(0);

        Assert.True(output.Flush(_socket));
        Assert.Equal((false, 5L), (output.IsStuck, output.Unsent));

        output.Decide(held, null);
        Assert.True(output.Flush(_socket));
        Assert.Equal((false, 0L), (output.IsStuck, output.Unsent));
    }

    [Fact]
    public void Flush_ClientThatDoesNotRead_IsStuckUntilItDoes()
    {
        using var output = new RespOutput();
        output.Writer.Bulk(new byte[16 << 20]);

        Assert.True(output.Flush(_socket));
        Assert.True(output.IsStuck);

        var sink = new byte[1 << 20];
        while (output.Unsent > 0)
        {
            _client.Receive(sink);
            Assert.True(output.Flush(_socket));
        }

        Assert.False(output.IsStuck);
    }
}
