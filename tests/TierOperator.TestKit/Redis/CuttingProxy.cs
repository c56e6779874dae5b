using System.Net;
using System.Net.Sockets;

namespace TierOperator.TestKit.Redis;

/// <summary>Stands between a client and a server on this machine, and cuts connections in the middle of what the server says.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _serverPort;
    private readonly Task _loop;
    private long _bytesLeft = long.MaxValue;

    public CuttingProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _loop = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    public int Cuts { get; private set; }

    /// <summary>The next connection to have passed on so many bytes from the server, together with the others, is cut there.</summary>
    public void CutAfter(long bytes) => Interlocked.Exchange(ref _bytesLeft, bytes);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
                await Task.WhenAny(CopyAsync(client, server, fromServer: false), CopyAsync(server, client, fromServer: true));
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException)
            {
                // The server is away, or the test is over.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool fromServer)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                var passes = fromServer ? Take(count) : count;
                await to.SendAsync(buffer.AsMemory(0, passes), _stop.Token);
                if (passes == count) continue;
                Cuts++;
                Interlocked.Exchange(ref _bytesLeft, long.MaxValue);
                return;
            }
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other side is gone.
        }
    }

    private int Take(int count)
    {
        var left = Interlocked.Add(ref _bytesLeft, -count);
        return left >= 0 ? count : (int)Math.Max(0, count + left);
    }
}
