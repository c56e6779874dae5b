namespace TierOperator.Tiering.Disk;

/// <summary>Where a record is: the segment's slot (17 bits) and the offset in 8-byte units (28 bits, so 2 GiB).</summary>
internal readonly record struct Location(ulong Packed)
{
    public const int SlotBits = 17;
    public const int OffsetBits = 28;
    public const int Bits = SlotBits + OffsetBits;
    public const int MaxSlots = 1 << SlotBits;
    public const long MaxSegmentBytes = (1L << OffsetBits) * RecordHeader.Alignment;

    public Location(int slot, long offset) : this(((ulong)slot << OffsetBits) | (ulong)(offset / RecordHeader.Alignment)) { }

    public int Slot => (int)(Packed >> OffsetBits);
    public long Offset => (long)(Packed & ((1UL << OffsetBits) - 1)) * RecordHeader.Alignment;
}
