namespace TierOperator.Tiering.Disk;

/// <summary>One segment of the log, open for reading; the committer or the compactor appends to it.</summary>
/// <remarks>Reads from any thread. <see cref="LiveBytes"/> and <see cref="TombstoneBytes"/> by Interlocked.</remarks>
internal sealed class SegmentFile(IDiskFile file, SegmentHeader header, string path, SegmentCipher? cipher) : IDisposable
{
    private long _liveBytes;
    private long _tombstoneBytes;

    public SegmentHeader Header { get; } = header;
    public string Path { get; } = path;
    public SegmentCipher? Cipher { get; } = cipher;
    public IDiskFile File { get; } = file;

    /// <summary>Seeds every checksum in this segment.</summary>
    public uint Seed { get; } = Crc32C.Compute(header.Id);
    public uint KeyTag { get; } = header.KeyId.Length == 0 ? 0 : KeyRing.TagOf(header.KeyId);
    public int Slot { get; set; } = -1;

    /// <summary>Where the next record goes; records end here.</summary>
    public long Tail { get; set; } = SegmentHeader.Bytes;

    /// <summary>Bytes charged to the budget for this file.</summary>
    public long ChargedBytes { get; set; }

    /// <summary>Bytes charged for its hint file.</summary>
    public long HintBytes { get; set; }

    /// <summary>Up to here the file is written already, with zeros or with an earlier life's bytes.</summary>
    public long PreparedBytes { get; set; }

    /// <summary>No record is appended any more.</summary>
    public bool IsSealed { get; set; }

    /// <summary>A published copy has taken its place; only its file could not be deleted yet.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>A copy that compaction still writes: what it holds stands in others.</summary>
    public bool IsUnpublished { get; set; }

    /// <summary>It was sealed, or found, without a hint file.</summary>
    public bool NeedsHint { get; set; }
    public long Records { get; set; }
    public long LiveBytes => Interlocked.Read(ref _liveBytes);
    public long TombstoneBytes => Interlocked.Read(ref _tombstoneBytes);

    /// <summary>A place in this file, as the journal's readers name it.</summary>
    public JournalPosition At(long offset) => new(Header.Order, offset) { Epoch = Header.Epoch };

    /// <summary>The place was taken in this file, and its offset is good here.</summary>
    public bool Holds(JournalPosition position) => (position.Order, position.Epoch) == (Header.Order, Header.Epoch);

    /// <summary>Through <see cref="SegmentSet"/>, which keeps the sums.</summary>
    public void AddLive(long bytes) => Interlocked.Add(ref _liveBytes, bytes);
    public void AddTombstone(long bytes) => Interlocked.Add(ref _tombstoneBytes, bytes);

    public void Dispose()
    {
        File.Dispose();
        Cipher?.Dispose();
    }
}
