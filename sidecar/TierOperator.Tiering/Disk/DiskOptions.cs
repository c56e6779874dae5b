using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Disk;

/// <summary>What a <see cref="DiskStore"/> is told at start.</summary>
public sealed record DiskOptions
{
    /// <summary>The data folder. Everything in it counts against <see cref="CapacityBytes"/>.</summary>
    public required string Folder { get; init; }

    /// <summary>The hard number: what the folder may occupy. At least <see cref="MinCapacityBytes"/>.</summary>
    public required long CapacityBytes { get; init; }

    public const long MinCapacityBytes = 1024 * 1024;

    /// <summary>Live data above this share of the room makes the store evict whole sessions, coldest first. 1 to 95.</summary>
    public int EvictAtPercent { get; init; } = 90;

    public CompressionKind Compression { get; init; } = CompressionKind.Auto;

    /// <summary>Encrypts what is written from now on; null writes in the clear.</summary>
    public KeyRing? Keys { get; init; }

    /// <summary>Size of one segment; 0 takes capacity / 32, from 4 to 32 MiB (less below 64 MiB of capacity).</summary>
    public long SegmentBytes { get; init; }

    /// <summary>Bytes that may wait for the disk before <see cref="AppendStatus.Busy"/>.</summary>
    public long MaxPendingBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>What the index may take in memory; above its share whole sessions are evicted, coldest first. 0: no limit.</summary>
    public long MaxIndexBytes { get; init; }

    /// <summary>How long the floor of a deleted session is remembered; zero: only as long as older records exist.</summary>
    public TimeSpan Tombstones { get; init; } = TimeSpan.Zero;

    /// <summary>How many sessions may be unsettled before appends are refused.</summary>
    public int MaxUnsettled { get; init; } = 100_000;

    /// <summary>How often expired sessions are swept and compaction looks for work.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Asked before a session is evicted, or goes because it has been here for long enough, not because its deadline has passed; false keeps it (its only
    /// copy, say). Runs on the maintenance thread.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, SessionHeader, bool>? MayEvict { get; init; }

    /// <summary>Somebody reads the log as a journal: until they say from where on (<see cref="DiskStore.KeepFrom"/>), all of it is to be read.</summary>
    public bool IsRead { get; init; }

    internal long EffectiveSegmentBytes
        => SegmentBytes > 0 ? DiskErrors.ToBlocks(SegmentBytes)
            : Math.Min(Math.Clamp(CapacityBytes / 32, 4L << 20, 32L << 20), DiskErrors.ToBlocks(CapacityBytes / 16));
}
