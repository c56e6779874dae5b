using TierOperator.Tiering.Disk;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A disk whose every sync takes a set time longer: a network disk, where the local one answers at once.</summary>
internal sealed class SlowSyncDisk(IDiskDoor inner, TimeSpan delay) : IDiskDoor
{
    public void CreateFolder(string path) => inner.CreateFolder(path);

    public IDisposable? TryLock(string path) => inner.TryLock(path);

    public IDiskFile Open(string path, DiskOpen mode) => new SlowFile(inner.Open(path, mode), delay);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncFolder(string path) => inner.SyncFolder(path);

    public IReadOnlyList<DiskFileEntry> List(string folder) => inner.List(folder);

    public long FreeBytes(string folder) => inner.FreeBytes(folder);

    public long OccupiedBytes(string folder) => inner.OccupiedBytes(folder);

    private sealed class SlowFile(IDiskFile file, TimeSpan delay) : IDiskFile
    {
        private readonly ManualResetEventSlim never = new();

        public long Length => file.Length;

        public int Read(Span<byte> target, long offset) => file.Read(target, offset);

        public void Write(ReadOnlySpan<byte> source, long offset) => file.Write(source, offset);

        public void Sync()
        {
            file.Sync();
            // A device that is slow holds its caller up: so does this.
            never.Wait(delay);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Dispose()
        {
            file.Dispose();
            never.Dispose();
        }
    }
}
