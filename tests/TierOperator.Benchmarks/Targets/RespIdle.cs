using System.Net;
using System.Net.Sockets;
using System.Text;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>What connections cost that have said PING once and wait.</summary>
internal sealed class RespIdle : ITarget
{
    public string Name => "resp-idle";
    public string Description => "resident memory that idle Redis connections add";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy(), cancellation);
        var count = quick ? 1_000 : 9_900;
        var sockets = new List<Socket>(count);
        try
        {
            await ConnectAsync(sidecar.RespPort, 100, sockets, cancellation);
            var before = ProcessFigures.ResidentBytes(sidecar.Id);
            await ConnectAsync(sidecar.RespPort, count, sockets, cancellation);
            var added = (ProcessFigures.ResidentBytes(sidecar.Id) - before) / 1024.0 / 1024.0;
            return [new Measurement(Name, $"{count} idle connections add", added, "MiB").Under(100)];
        }
        finally
        {
            foreach (var socket in sockets) socket.Dispose();
        }
    }

    private static async Task ConnectAsync(int port, int count, List<Socket> sockets, CancellationToken cancellation)
    {
        var answer = new byte[16];
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes("PING\r\n"), cancellation);
            await socket.ReceiveAsync(answer, cancellation);
        }
    }
}
