using System.Globalization;

namespace TierOperator.Tiering.Disk;

/// <summary>The errors of the file system that are told apart, by their Linux numbers.</summary>
public static class DiskErrors
{
    public const int InputOutput = 5;
    public const int WouldBlock = 11;
    public const int NoSpace = 28;
    public const int Quota = 122;

    /// <summary>4 KiB: the unit in which a file occupies the disk.</summary>
    public const int BlockBytes = 4096;

    public static long ToBlocks(long length) => (length + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>True when the disk (or our quota of it) is full; any other error means that it is failing.</summary>
    public static bool IsNoSpace(Exception error) => error is IOException { HResult: NoSpace or Quota };

    /// <summary>True for the errors that a file system may answer at any call; others are bugs and are not caught.</summary>
    public static bool IsDiskError(Exception error) => error is IOException or UnauthorizedAccessException;

    public static IOException FromErrno(int errno, string call, string path)
        => new(string.Create(CultureInfo.InvariantCulture, $"{call} of {path} failed with errno {errno}."), errno);
}
