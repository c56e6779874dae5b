using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.TestKit.Redis;

/// <summary>
/// Stands between a client and a server on this machine: cuts connections in the middle of what the server says, delays it, lets nobody
/// through, or keeps connections open and passes nothing on, as a peer that has lost its power.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _serverPort;
    private readonly Task _loop;
    private readonly ConcurrentDictionary<Socket, byte> _clients = new();
    private long _bytesLeft = long.MaxValue;
    private volatile bool _isShut;
    private volatile bool _isFrozen;

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

    /// <summary>After a cut, how many bytes pass before the next; null: there is no next.</summary>
    public Func<long>? CutAgain { get; set; }

    /// <summary>How long each piece of what the server says is held back.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>True: connections break, and new ones are closed at once, until it is false again.</summary>
    public bool IsShut
    {
        get => _isShut;
        set
        {
            _isShut = value;
            if (!value) return;
            foreach (var client in _clients.Keys) client.Dispose();
        }
    }

    /// <summary>Connections stay, and nothing passes any more.</summary>
    public void Freeze() => _isFrozen = true;

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
        catch (Exception over) when (over is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Disposed; a listener that is stopped between two connections says that it does not listen.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            _clients[client] = 0;
            try
            {
                if (_isShut) return;
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
                await Task.WhenAny(CopyAsync(client, server, fromServer: false), CopyAsync(server, client, fromServer: true));
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The server is away, the way is shut, or the test is over.
            }
            finally
            {
                _clients.TryRemove(client, out _);
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
                if (_isFrozen) continue;
                if (fromServer && Delay > TimeSpan.Zero) await Task.Delay(Delay, _stop.Token);
                var passes = fromServer ? Take(count) : count;
                await to.SendAsync(buffer.AsMemory(0, passes), _stop.Token);
                if (passes == count) continue;
                Cuts++;
                Interlocked.Exchange(ref _bytesLeft, CutAgain?.Invoke() ?? long.MaxValue);
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
