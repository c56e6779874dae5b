using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace TierOperator.Tiering.Memory;

[Flags]
internal enum SessionFlags : byte
{
    None = 0,

    /// <summary>The deadline is absolute and does not slide.</summary>
    ExplicitDeadline = 1,

    /// <summary>The disk holds a copy: as new as memory's under Mirror, perhaps older under Overflow.</summary>
    OnDisk = 2,

    /// <summary>A disk failure kept a change from the disk: its copy there must be rewritten before memory lets go.</summary>
    Unsettled = 4,

    /// <summary>Some items live on disk only, because their own rule leaves memory out.</summary>
    HasDiskItems = 8,

    /// <summary>Someone has a subject: see the shard's table.</summary>
    HasSubject = 16,

    /// <summary>Queued to tell the lower tiers of its last access.</summary>
    Telling = 32,

    /// <summary>A shared tier may know more of it: see <see cref="SessionHeader.IsPartial"/>.</summary>
    Partial = 64,

    /// <summary>Another sidecar has changed it, or may have: it is compared with the shared tier before it answers.</summary>
    Suspect = 128,
}

/// <summary>A session in native memory; its key follows the fields. Guarded by its shard's lock.</summary>
/// <remarks>What a hit reads stands at the end, beside the key: a hit in cold memory waits for each line of the cache.</remarks>
internal unsafe struct SessionRecord
{
    public RecordLink Link;
    public ItemRecord* Items;

    /// <summary>What the session and its items cost the budget.</summary>
    public long CostBytes;
    public long CreatedMs;
    public ulong FloorStamp;

    /// <summary>The journal ticket of its newest change: below the durable one, the disk has it all.</summary>
    public long Ticket;
    public uint FloorNode;

    /// <summary>Counts changes, so that a spill can see whether the session moved on meanwhile.</summary>
    public uint Changes;
    public long LastAccessMs;

    /// <summary>Only when explicit; else the deadline follows from the last access and the rule.</summary>
    public long DeadlineMs;

    /// <summary>The last access that the disk knows of.</summary>
    public long ToldMs;
    public int ItemCount;
    public int Slot;
    public uint Accesses;
    public int RuleId;
    public int KeyLength;
    public byte Kind;
    public SessionFlags Flags;

    public readonly ulong Hash => Link.Hash;

    public static ReadOnlySpan<byte> Key(SessionRecord* session) => new((byte*)session + sizeof(SessionRecord), session->KeyLength);

    /// <summary>Asks for the cache lines that a hit reads: the fields at the end, and the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(SessionRecord* session)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0((byte*)session + HitFields);
        Sse.Prefetch0((byte*)session + sizeof(SessionRecord));
    }

    /// <summary>Where <see cref="LastAccessMs"/> stands.</summary>
    private const int HitFields = 64;

    public readonly ItemVersion Floor => new(FloorStamp, FloorNode);

    public static long CostOf(int keyLength) => NativeHeap.CostOf(sizeof(SessionRecord) + keyLength);
}

/// <summary>An item in native memory; key, inline content type and value follow the fields.</summary>
internal unsafe struct ItemRecord
{
    public RecordLink Link;
    public ItemRecord* Previous;
    public ItemRecord* Following;
    public SessionRecord* Session;
    public ulong Stamp;
    public uint Node;
    public int KeyLength;

    /// <summary>Length of the value that follows; of a large one, the complement of its place in the shard's table.</summary>
    public int ValueLength;
    public ushort ContentType;

    /// <summary>Length of the content type's own bytes, when it is not interned.</summary>
    public ushort TypeLength;

    public readonly bool IsLarge => ValueLength < 0;

    /// <summary>The place of a large value in the shard's table.</summary>
    public readonly int LargePlace => ~ValueLength;

    public readonly ItemVersion Version => new(Stamp, Node);

    public static ReadOnlySpan<byte> Key(ItemRecord* item) => new((byte*)item + sizeof(ItemRecord), item->KeyLength);

    public static ReadOnlySpan<byte> InlineType(ItemRecord* item)
        => new((byte*)item + sizeof(ItemRecord) + item->KeyLength, item->TypeLength);

    public static Span<byte> Value(ItemRecord* item)
        => new((byte*)item + sizeof(ItemRecord) + item->KeyLength + item->TypeLength, Math.Max(0, item->ValueLength));

    /// <summary>
    /// Asks for the value's cache lines while the session's are on their way: of a value in cold memory the lines are most of
    /// what a hit waits for.
    /// </summary>
    public static void Prefetch(ItemRecord* item)
    {
        if (!Sse.IsSupported) return;
        var value = (byte*)item + sizeof(ItemRecord) + item->KeyLength;
        var length = Math.Min(item->ValueLength, MostPrefetched);
        for (var at = 0; at < length; at += 64) Sse.Prefetch0(value + at);
    }

    private const int MostPrefetched = 1024;

    public static int SizeOf(int keyLength, int typeLength, long valueLength)
        => sizeof(ItemRecord) + keyLength + typeLength + (valueLength >= Values.ItemValue.LargeFrom ? 0 : (int)valueLength);

    /// <summary>What an item costs the budget: its block, and a large value's chunks in whole pages.</summary>
    public static long CostOf(int keyLength, int typeLength, long valueLength)
        => NativeHeap.CostOf(SizeOf(keyLength, typeLength, valueLength))
           + (valueLength >= Values.ItemValue.LargeFrom ? valueLength + LargeOverhead(valueLength) : 0);

    private static long LargeOverhead(long length) => (length / Values.LargeValue.ChunkBytes + 1) * 4096;
}

internal static class SessionFlagsExtensions
{
    /// <summary>As Enum.HasFlag, which allocates until the method that calls it has been optimised.</summary>
    public static bool Has(this SessionFlags flags, SessionFlags flag) => (flags & flag) != 0;
}
