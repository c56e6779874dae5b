using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Sidecar.Resp.Sockets;

/// <summary>A connected socket that never blocks. Used by the event thread only.</summary>
internal readonly unsafe struct ClientSocket(int file)
{
    private const int TcpLevel = 6, NoDelay = 1;

    public int File => file;

    /// <summary>Takes the next connection; null when none waits. -1 stands for a failure, such as too many open files.</summary>
    public static ClientSocket? Accept(int listener, out bool isExhausted)
    {
        var file = NativeCalls.Accept(listener, null, null, NativeCalls.NonBlocking | NativeCalls.CloseOnExec);
        isExhausted = file < 0 && NativeCalls.LastError is NativeCalls.TooManyFiles or 23 or 12 or 105;
        if (file < 0) return null;
        var on = 1;
        _ = NativeCalls.SetOption(file, TcpLevel, NoDelay, &on, sizeof(int));
        return new ClientSocket(file);
    }

    /// <summary>Bytes received; 0 at the end; -1 when none are there; -2 when the connection is broken.</summary>
    public int Receive(Span<byte> target)
    {
        fixed (byte* start = target)
        {
            var count = NativeCalls.Receive(file, start, target.Length, 0);
            return count >= 0 ? (int)count : NativeCalls.LastError is NativeCalls.Again or NativeCalls.Interrupted ? -1 : -2;
        }
    }

    /// <summary>Bytes taken, perhaps fewer than given; -1 when the other side does not read; -2 when the connection is broken.</summary>
    public int Send(ReadOnlySpan<byte> source)
    {
        fixed (byte* start = source)
        {
            var count = NativeCalls.Send(file, start, source.Length, NativeCalls.NoSignal);
            return count >= 0 ? (int)count : NativeCalls.LastError is NativeCalls.Again or NativeCalls.Interrupted ? -1 : -2;
        }
    }

    public void Close() => _ = NativeCalls.Close(file);

    public string RemoteAddress()
    {
        Span<byte> address = stackalloc byte[28];
        var length = address.Length;
        fixed (byte* start = address)
            if (NativeCalls.PeerName(file, start, &length) != 0) return "?:0";
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BinaryPrimitives.ReadUInt16LittleEndian(address) == (int)AddressFamily.InterNetwork
            ? new IPEndPoint(new IPAddress(address.Slice(4, 4)), port).ToString()
            : new IPEndPoint(new IPAddress(address.Slice(8, 16)), port).ToString();
    }
}
