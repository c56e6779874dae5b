using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TierOperator.Sidecar.Tests.Running;

/// <summary>A server that is no sidecar: it answers one request with what it was given, then closes.</summary>
internal sealed class CannedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _answering;

    public CannedServer(string answer)
    {
        _listener.Start();
        _answering = AnswerAsync(answer);
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public async ValueTask DisposeAsync()
    {
        await _answering;
        _listener.Dispose();
    }

    private async Task AnswerAsync(string answer)
    {
        using var client = await _listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }
}
