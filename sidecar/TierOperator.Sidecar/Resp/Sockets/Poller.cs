using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TierOperator.Sidecar.Resp.Sockets;

[Flags]
internal enum Readiness : uint
{
    None = 0,
    Readable = 1,
    Writable = 4,
    Broken = 8,
    HungUp = 16,

    /// <summary>The other side sends nothing more; told only where it is asked for.</summary>
    PeerLeft = 0x2000,
}

/// <summary>
/// Waits for many sockets on one thread, level-triggered (Linux' epoll), and can be woken by others.
/// </summary>
/// <remarks>One thread waits and watches; <see cref="Wake"/> is for every thread.</remarks>
internal sealed unsafe class Poller : IDisposable
{
    private const int MostReady = 512;

    // The kernel packs its record on x64 and aligns it elsewhere.
    private static readonly int s_recordBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int s_dataAt = s_recordBytes - 8;

    private readonly byte[] _ready = GC.AllocateUninitializedArray<byte>(MostReady * 16, pinned: true);
    private readonly int _epoll;
    private readonly int _waker;
    private int _isWoken;

    public Poller()
    {
        _epoll = Checked(NativeCalls.EpollCreate(NativeCalls.CloseOnExec));
        _waker = Checked(NativeCalls.EventFile(0, NativeCalls.NonBlocking | NativeCalls.CloseOnExec));
        Watch(_waker, Readiness.Readable, isNew: true);
    }

    public void Watch(int file, Readiness wanted, bool isNew)
    {
        var record = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(record, 4), (uint)wanted);
        BinaryPrimitives.WriteInt64LittleEndian(new Span<byte>(record + s_dataAt, 8), file);
        Checked(NativeCalls.EpollControl(_epoll, isNew ? NativeCalls.AddWatch : NativeCalls.ChangeWatch, file, record));
    }

    /// <summary>How many of <see cref="Ready"/> are valid. A wake-up is taken in and not shown.</summary>
    public int Wait(int timeoutMs)
    {
        fixed (byte* ready = _ready)
        {
            var count = NativeCalls.EpollWait(_epoll, ready, MostReady, timeoutMs);
            if (count >= 0) return count;
            return NativeCalls.LastError == NativeCalls.Interrupted ? 0 : throw new Win32Exception(NativeCalls.LastError);
        }
    }

    /// <summary>The file and what it is ready for; -1 for a wake-up.</summary>
    public (int File, Readiness Readiness) Ready(int index)
    {
        var record = _ready.AsSpan(index * s_recordBytes, s_recordBytes);
        var file = (int)BinaryPrimitives.ReadInt64LittleEndian(record[s_dataAt..]);
        if (file != _waker) return (file, (Readiness)BinaryPrimitives.ReadUInt32LittleEndian(record));
        long count;
        _ = NativeCalls.Read(_waker, &count, sizeof(long));
        Volatile.Write(ref _isWoken, 0);
        return (-1, Readiness.None);
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWoken, 1) == 1) return;
        long one = 1;
        _ = NativeCalls.Write(_waker, &one, sizeof(long));
    }

    public void Dispose()
    {
        _ = NativeCalls.Close(_waker);
        _ = NativeCalls.Close(_epoll);
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(NativeCalls.LastError);
}
