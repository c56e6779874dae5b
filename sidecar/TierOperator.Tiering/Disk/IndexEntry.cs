namespace TierOperator.Tiering.Disk;

/// <summary>What an index entry stands for.</summary>
internal enum EntryKind : byte
{
    /// <summary>A session with exactly one item: one record holds header and item.</summary>
    Inline = 0,

    /// <summary>A session whose header stands in the record of one of its items.</summary>
    HeaderInPut = 1,

    /// <summary>A session whose header stands in a record of its own.</summary>
    HeaderAlone = 2,

    /// <summary>A session whose header stands in the record of an item's deletion.</summary>
    HeaderInDelete = 3,

    /// <summary>An item of a session that has its own entry; found by the hash of both.</summary>
    Item = 4,

    /// <summary>A deleted session whose floor is remembered.</summary>
    Tombstone = 5,
}

/// <summary>
/// 24 bytes of the index: hash 32, next in chain 26, kind 3; location 45, last access 18; ring 26, expiry 24, size 14.
/// </summary>
internal struct IndexEntry
{
    public const int LinkBits = 26;
    public const int NoLink = (1 << LinkBits) - 1;
    private const int AccessBits = 18;
    private const int ExpiryBits = 24;
    private const ulong LinkMask = (1UL << LinkBits) - 1;
    private const ulong LocationMask = (1UL << Location.Bits) - 1;

    private ulong _a;
    private ulong _b;
    private ulong _c;

    public uint Hash
    {
        readonly get => (uint)_a;
        set => _a = (_a & ~0xffffffffUL) | value;
    }

    /// <summary>The next entry in the bucket's chain, or in the list of free entries.</summary>
    public int Next
    {
        readonly get => (int)((_a >> 32) & LinkMask);
        set => _a = (_a & ~(LinkMask << 32)) | ((ulong)(uint)value << 32);
    }

    public EntryKind Kind
    {
        readonly get => (EntryKind)((_a >> 58) & 7);
        set => _a = (_a & ~(7UL << 58)) | ((ulong)value << 58);
    }

    public Location Location
    {
        readonly get => new(_b & LocationMask);
        set => _b = (_b & ~LocationMask) | value.Packed;
    }

    /// <summary>In units of <see cref="CoarseClock"/>, wrapping.</summary>
    public uint Access
    {
        readonly get => (uint)(_b >> Location.Bits) & ((1u << AccessBits) - 1);
        set => _b = (_b & ~(((1UL << AccessBits) - 1) << Location.Bits)) | ((ulong)(value & ((1u << AccessBits) - 1)) << Location.Bits);
    }

    /// <summary>A session's first item, an item's next one; the last item leads back to the session.</summary>
    public int Ring
    {
        readonly get => (int)(_c & LinkMask);
        set => _c = (_c & ~LinkMask) | (uint)value;
    }

    /// <summary>In units of <see cref="CoarseClock"/>, rounded up; 0 is never. Of sessions and tombstones.</summary>
    public uint Expiry
    {
        readonly get => (uint)(_c >> LinkBits) & ((1u << ExpiryBits) - 1);
        set => _c = (_c & ~(((1UL << ExpiryBits) - 1) << LinkBits)) | ((ulong)value << LinkBits);
    }

    /// <summary>The record's bytes on disk, to 1 in 512 exact; the same bytes always give the same number.</summary>
    public long Size
    {
        readonly get => CoarseSize.Decode((uint)(_c >> (LinkBits + ExpiryBits)));
        set => _c = (_c & ((1UL << (LinkBits + ExpiryBits)) - 1)) | ((ulong)CoarseSize.Encode(value) << (LinkBits + ExpiryBits));
    }

    public readonly bool IsSession => Kind < EntryKind.Item;
}

/// <summary>Record sizes in 14 bits: 9 bits of mantissa, 5 of exponent, in 8-byte units, rounded up.</summary>
internal static class CoarseSize
{
    private const int MantissaBits = 9;

    public static uint Encode(long bytes)
    {
        var units = (ulong)(bytes + 7) / 8;
        var exponent = 0;
        while (units >= 1UL << MantissaBits)
        {
            units = (units + 1) >> 1;
            exponent++;
        }

        return ((uint)exponent << MantissaBits) | (uint)units;
    }

    public static long Decode(uint coded)
        => (long)((ulong)(coded & ((1u << MantissaBits) - 1)) << (int)(coded >> MantissaBits)) * 8;

    public static long Round(long bytes) => Decode(Encode(bytes));
}

/// <summary>Times in the index: 16-second units for expiry, and 20-second units for the last access.</summary>
internal static class CoarseClock
{
    private const long EpochMs = 1_704_067_200_000; // 2024-01-01: 24 bits of 16 s last until 2032, then saturate
    private const long ExpiryUnitMs = 16_000;
    private const long AccessUnitMs = 20_000;
    private const uint AccessMask = (1 << 18) - 1;
    public const uint MaxExpiry = (1 << 24) - 1;

    /// <summary>Never before the exact time: whoever meets it reads the exact one from the record.</summary>
    public static uint Expiry(long ms)
        => ms <= 0 ? 0 : (uint)Math.Clamp((ms - EpochMs + ExpiryUnitMs - 1) / ExpiryUnitMs, 1, MaxExpiry);

    public static uint ExpiryNow(long nowMs) => (uint)Math.Clamp((nowMs - EpochMs) / ExpiryUnitMs, 0, MaxExpiry);

    public static uint Access(long ms) => (uint)(Math.Max(0, ms) / AccessUnitMs) & AccessMask;

    /// <summary>How long ago, in units. A time a little ahead of now counts as now, not as sixty days ago.</summary>
    public static uint Age(uint access, uint now)
    {
        var age = (now - access) & AccessMask;
        return age > AccessMask - 4096 ? 0 : age;
    }
}
