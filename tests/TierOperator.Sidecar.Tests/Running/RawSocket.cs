using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TierOperator.Sidecar.Tests.Running;

/// <summary>A client that may be as wrong as it likes.</summary>
internal static class RawSocket
{
    public static async Task<string> TalkAsync(EndPoint server, string request)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(server);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, patience.Token) is > 0 and var count) answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Reset by the server: what came before counts.
        }

        return answer.ToString();
    }
}
