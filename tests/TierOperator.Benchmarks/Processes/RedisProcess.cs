using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Benchmarks.Processes;

/// <summary>A redis-server of its own on a free port: the peer.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly ChildProcess process;

    private RedisProcess(ChildProcess process, int port) => (this.process, Port) = (process, port);

    public int Port { get; }
    public int Id => process.Id;

    /// <summary>With <paramref name="isDurable"/> every write is fsynced before it is answered, else nothing is persisted.</summary>
    public static async Task<RedisProcess> StartAsync(WorkFolder folder, bool isDurable, CancellationToken cancellation)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var process = new ChildProcess("redis-server",
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--dir", folder.Path,
            "--appendonly", isDurable ? "yes" : "no", "--appendfsync", "always",
        ]);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return new RedisProcess(process, port);
            }
            catch (SocketException)
            {
                await Task.Delay(50, patience.Token);
            }
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
