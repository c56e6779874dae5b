namespace TierOperator.Tiering.Disk;

/// <summary>
/// The narrow door to the file system, so that tests can fail any call and cut the power at any call. Every method
/// throws <see cref="IOException"/> (or <see cref="UnauthorizedAccessException"/>) as .NET's own file calls do.
/// </summary>
/// <remarks>Thread-safe. Nothing is durable before <see cref="IDiskFile.Sync"/> and <see cref="SyncFolder"/>.</remarks>
public interface IDiskDoor
{
    /// <summary>Makes the folder and its parents; nothing happens when it exists.</summary>
    void CreateFolder(string path);

    /// <summary>Takes the lock file; null when another process, or another store of this one, holds it.</summary>
    IDisposable? TryLock(string path);

    IDiskFile Open(string path, DiskOpen mode);

    /// <summary>Renames over an existing file, atomically.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file; nothing happens when there is none.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in the folder durable.</summary>
    void SyncFolder(string path);

    /// <summary>The files right in a folder; empty when there is no such folder.</summary>
    IReadOnlyList<DiskFileEntry> List(string folder);

    /// <summary>Bytes that the file system still has for us.</summary>
    long FreeBytes(string folder);

    /// <summary>Bytes that the files in the folder and below it occupy, as <c>du</c> counts them.</summary>
    long OccupiedBytes(string folder);
}

/// <summary>How a file is opened.</summary>
public enum DiskOpen { Read, ReadWrite, Create }

/// <summary>A file's name, without folder, and its length in bytes.</summary>
public readonly record struct DiskFileEntry(string Name, long Length);

/// <summary>One open file. Reads and writes at an offset, from any thread.</summary>
public interface IDiskFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads until the target is full or the file ends; how many bytes it read.</summary>
    int Read(Span<byte> target, long offset);

    /// <summary>Writes all of it, or throws; after a throw any part may have been written.</summary>
    void Write(ReadOnlySpan<byte> source, long offset);

    /// <summary>Returns when everything written before is durable (fdatasync).</summary>
    void Sync();

    void SetLength(long length);
}
