using System.Diagnostics;
using TierOperator.Tiering.Disk;

namespace TierOperator.Benchmarks.Targets;

/// <summary>
/// What group commit is compared with: each write followed by a sync of its own, one after the other, into a file whose
/// room was zeroed and synced before, so that no sync has to write the file's metadata too.
/// </summary>
internal static class PlainWrites
{
    public static double PerSecond(IDiskDoor disk, string path, int recordBytes, TimeSpan duration)
    {
        const int room = 32 * 1024 * 1024;
        using var file = disk.Open(path, DiskOpen.Create);
        file.Write(new byte[room], 0);
        file.Sync();
        var record = new byte[recordBytes];
        new Random(1).NextBytes(record);
        var (begin, count) = (Stopwatch.GetTimestamp(), 0L);
        while (Stopwatch.GetElapsedTime(begin) < duration)
        {
            file.Write(record, count * recordBytes % (room - recordBytes));
            file.Sync();
            count++;
        }

        return count / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
