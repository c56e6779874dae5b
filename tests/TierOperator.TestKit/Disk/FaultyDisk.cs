using TierOperator.Tiering.Disk;

namespace TierOperator.TestKit.Disk;

/// <summary>What goes wrong at the chosen call.</summary>
public enum DiskFault
{
    InputOutput,
    NoSpace,

    /// <summary>Half of a write is written, then it fails; other calls just fail.</summary>
    ShortWrite,

    /// <summary>A read gives one wrong bit, once; other calls work.</summary>
    FlippedRead,
}

/// <summary>Passes everything on to another door, and lets one call, or several from it on, go wrong.</summary>
public sealed class FaultyDisk(IDiskDoor inner) : IDiskDoor
{
    private int _calls;

    public DiskFault Fault { get; set; }

    /// <summary>The first call that goes wrong, counted from 1; 0 is none.</summary>
    public int FailAtCall { get; set; }

    /// <summary>How many calls go wrong, from that one on.</summary>
    public int FailCalls { get; set; } = 1;

    /// <summary>Waited for in each sync, so that a slow disk can be measured.</summary>
    public TimeSpan SyncDelay { get; set; }
    public int Calls => Volatile.Read(ref _calls);
    public int Syncs { get; private set; }

    public void CreateFolder(string path)
    {
        Step();
        inner.CreateFolder(path);
    }

    public IDisposable? TryLock(string path)
    {
        Step();
        return inner.TryLock(path);
    }

    public IDiskFile Open(string path, DiskOpen mode)
    {
        Step();
        return new FaultyFile(this, inner.Open(path, mode));
    }

    public void Rename(string from, string to)
    {
        Step();
        inner.Rename(from, to);
    }

    public void Delete(string path)
    {
        Step();
        inner.Delete(path);
    }

    public void SyncFolder(string path)
    {
        Step();
        inner.SyncFolder(path);
    }

    public IReadOnlyList<DiskFileEntry> List(string folder)
    {
        Step();
        return inner.List(folder);
    }

    public long FreeBytes(string folder) => inner.FreeBytes(folder);

    public long OccupiedBytes(string folder) => inner.OccupiedBytes(folder);

    private bool IsNext()
    {
        var call = Interlocked.Increment(ref _calls);
        return FailAtCall > 0 && call >= FailAtCall && call < FailAtCall + FailCalls;
    }

    private void Step()
    {
        if (IsNext() && Fault != DiskFault.FlippedRead) throw Error();
    }

    private IOException Error() => Fault == DiskFault.NoSpace
        ? new IOException("No space left on device (injected)", DiskErrors.NoSpace)
        : new IOException("Input/output error (injected)", DiskErrors.InputOutput);

    private sealed class FaultyFile(FaultyDisk disk, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> target, long offset)
        {
            var fails = disk.IsNext();
            if (fails && disk.Fault != DiskFault.FlippedRead) throw disk.Error();
            var count = file.Read(target, offset);
            if (fails && count > 0) target[count / 2] ^= 0x10;
            return count;
        }

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            var fails = disk.IsNext() && disk.Fault != DiskFault.FlippedRead;
            if (fails && disk.Fault == DiskFault.ShortWrite) file.Write(source[..(source.Length / 2)], offset);
            if (fails) throw disk.Error();
            file.Write(source, offset);
        }

        public void Sync()
        {
            disk.Step();
            disk.Syncs++;
            if (disk.SyncDelay > TimeSpan.Zero)
            {
                using var never = new ManualResetEventSlim();
                never.Wait(disk.SyncDelay);
            }

            file.Sync();
        }

        public void SetLength(long length)
        {
            disk.Step();
            file.SetLength(length);
        }

        public void Dispose() => file.Dispose();
    }
}
