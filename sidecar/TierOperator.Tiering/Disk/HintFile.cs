using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>What the index needs to know of one record, 48 bytes; also the hint file's own form, little-endian.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal record struct HintRecord
{
    public const int Bytes = 48;

    public Hash128 Session;
    public ulong Item;
    public long ExpiresMs;
    public uint OffsetUnits;

    /// <summary>In 8 bytes. A <see cref="RecordOp.Drop"/> is followed by one of size 0 for each session that it names.</summary>
    public uint SizeUnits;
    public uint Access;
    public byte Op;
    public byte Damaged;
    public byte Group;
    public byte Reserved;

    public readonly bool IsDamaged => Damaged != 0;
    public readonly RecordOp Operation => (RecordOp)Op;
    public readonly long Offset => OffsetUnits * (long)RecordHeader.Alignment;
    public readonly long Size => SizeUnits * (long)RecordHeader.Alignment;

    public static HintRecord Of(in RecordHeader header, long offset, bool damaged) => new()
    {
        Session = header.Session, Item = header.Item, ExpiresMs = header.ExpiresMs, Access = header.Access, Op = (byte)header.Op,
        OffsetUnits = (uint)(offset / RecordHeader.Alignment), SizeUnits = (uint)(header.StoredBytes / RecordHeader.Alignment),
        Damaged = damaged ? (byte)1 : (byte)0, Group = (byte)header.GroupOf,
    };

    public readonly IndexChange At(int slot) => new(Operation, Session, Item, new Location(slot, Offset), Size, ExpiresMs, Access);
}

/// <summary>Beside a sealed segment: all that the index needs to know of it, so that a start need not read the data.</summary>
internal static class HintFile
{
    public const string Prefix = "hint-";
    private const int HeaderBytes = 64;
    private const uint Magic = 0x31544e48; // "HNT1"

    public static string NameOf(long epoch)
        => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{epoch:x16}{SegmentSet.Extension}");

    public static string PathOf(SegmentSet segments, long epoch) => segments.PathOf(NameOf(epoch));

    public static long BytesOf(int records) => DiskErrors.ToBlocks(HeaderBytes + ((long)records * HintRecord.Bytes));

    /// <summary>Publishes a sealed segment's hint; the bytes are reserved by the caller.</summary>
    public static void Write(SegmentSet segments, SegmentFile segment, ScanOutcome outcome)
    {
        var records = MemoryMarshal.AsBytes(outcome.Records.Span);
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Magic);
        segment.Header.Id.CopyTo(header[8..]);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], outcome.Tail);
        BinaryPrimitives.WriteInt32LittleEndian(header[32..], outcome.Records.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], outcome.BadRecords);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Crc32C.Compute(records, Crc32C.Compute(header[4..])));
        DiskFile.Publish(segments.Door, segments.Folder, NameOf(segment.Header.Epoch), header, records);
    }

    /// <summary>Null when there is no whole hint of this very life of the segment, all of it there: then the segment is scanned.</summary>
    public static ScanOutcome? TryRead(SegmentSet segments, SegmentFile segment)
    {
        try
        {
            using var file = segments.Door.Open(PathOf(segments, segment.Header.Epoch), DiskOpen.Read);
            return Read(file, segment);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            return null;
        }
    }

    private static ScanOutcome? Read(IDiskFile file, SegmentFile segment)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.Read(header, 0) < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != Magic
            || !header.Slice(8, 16).SequenceEqual(segment.Header.Id)) return null;
        var count = BinaryPrimitives.ReadInt32LittleEndian(header[32..]);
        var tail = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        if (count < 0 || tail > segment.PreparedBytes || file.Length != HeaderBytes + ((long)count * HintRecord.Bytes)) return null;
        var outcome = new ScanOutcome
        {
            Tail = tail, BadRecords = BinaryPrimitives.ReadInt32LittleEndian(header[36..]),
        };
        if (IsRead(file, header, outcome.Records, count)) return outcome;
        outcome.Dispose();
        return null;
    }

    private static bool IsRead(IDiskFile file, ReadOnlySpan<byte> header, NativeList<HintRecord> records, int count)
    {
        var content = MemoryMarshal.AsBytes(records.AddMany(count));
        return file.Read(content, HeaderBytes) == content.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(header) == Crc32C.Compute(content, Crc32C.Compute(header[4..]));
    }
}
