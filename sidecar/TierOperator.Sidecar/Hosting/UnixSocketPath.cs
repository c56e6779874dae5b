using System.Net.Sockets;
using System.Text;

namespace TierOperator.Sidecar.Hosting;

/// <summary>Makes way for the API's Unix socket, or says why it cannot stand there.</summary>
internal static class UnixSocketPath
{
    /// <summary>The system's sockaddr_un has 108 bytes, the last one zero.</summary>
    private const int MaxBytes = 107;

    /// <summary>
    /// Deletes the socket that a killed process left. Throws <see cref="StartFault"/> where a socket cannot be, or where
    /// something stands that is not ours to delete.
    /// </summary>
    public static void Clear(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxBytes) throw Refuse(path, $"it is longer than {MaxBytes} bytes");
        if (Directory.Exists(path)) throw Refuse(path, "it is a folder");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder)) throw Refuse(path, $"there is no folder {folder}");
        if (!File.Exists(path)) return;
        if (!IsSocket(path)) throw Refuse(path, "a file stands there");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw Refuse(path, "it is in use by another process");
    }

    /// <summary>A file can be opened, or must not be; a socket cannot, whoever asks.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static StartFault Refuse(string path, string why)
        => new(ExitCode.Address, $"the socket {path} cannot be: {why}. Choose another {Settings.UnixSocket.Flag}");
}
