using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TierOperator.Tiering.Disk;

/// <summary>The real file system, on Linux: positioned reads and writes, fdatasync, fsync of folders, flock.</summary>
public sealed partial class PosixDisk : IDiskDoor
{
    public static readonly PosixDisk Instance = new();

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public IDisposable? TryLock(string path)
    {
        try
        {
            // FileShare.None is an exclusive flock: it goes with the process, however that ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error.HResult is DiskErrors.WouldBlock)
        {
            return null;
        }
    }

#pragma warning disable CA2000 // the file owns the handle
    public IDiskFile Open(string path, DiskOpen mode)
        => new PosixFile(File.OpenHandle(
            path,
            mode == DiskOpen.Create ? FileMode.Create : FileMode.Open,
            mode == DiskOpen.Read ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete));
#pragma warning restore CA2000

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void SyncFolder(string path)
    {
        var descriptor = OpenPath(path, flags: 0);
        if (descriptor < 0) throw DiskErrors.FromErrno(Marshal.GetLastPInvokeError(), "open", path);
        var outcome = SyncDescriptor(descriptor);
        var errno = Marshal.GetLastPInvokeError();
        _ = CloseDescriptor(descriptor);
        if (outcome != 0) throw DiskErrors.FromErrno(errno, "fsync", path);
    }

    public IReadOnlyList<DiskFileEntry> List(string folder)
    {
        var directory = new DirectoryInfo(folder);
        if (!directory.Exists) return [];
        return [.. directory.EnumerateFiles().Select(file => new DiskFileEntry(file.Name, file.Length))];
    }

    public long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    public long OccupiedBytes(string folder)
    {
        var directory = new DirectoryInfo(folder);
        if (!directory.Exists) return 0;
        // Rounded up to blocks; our files have no holes, so this is what du says, or a little more.
        return DiskErrors.BlockBytes + directory.EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Sum(entry => entry is FileInfo file ? DiskErrors.ToBlocks(file.Length) : DiskErrors.BlockBytes);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenPath(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseDescriptor(int descriptor);

    private sealed class PosixFile(SafeFileHandle handle) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> target, long offset)
        {
            var total = 0;
            while (total < target.Length)
            {
                var count = RandomAccess.Read(handle, target[total..], offset + total);
                if (count == 0) break;
                total += count;
            }

            return total;
        }

        public void Write(ReadOnlySpan<byte> source, long offset) => RandomAccess.Write(handle, source, offset);

        public void Sync()
        {
            if (SyncData(handle) != 0) throw DiskErrors.FromErrno(Marshal.GetLastPInvokeError(), "fdatasync", "segment");
        }

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }
}
