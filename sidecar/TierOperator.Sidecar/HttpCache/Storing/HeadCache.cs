using TierOperator.Tiering;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// Heads that were read lately, by the version of their item, so that a hit makes no strings. A fixed table, each place
/// overwritten by what comes there next; heads beyond 4 KiB are not kept. Thread-safe without locks.
/// </summary>
internal sealed class HeadCache
{
    private const int Places = 1024;
    private const int LargestHead = 4096;
    private readonly Entry?[] _entries = new Entry?[Places];

    public StoredResponse? Read(ItemVersion version, ReadOnlySpan<byte> item)
    {
        ref var place = ref _entries[(uint)version.GetHashCode() % Places];
        var seen = Volatile.Read(ref place);
        if (seen is not null && seen.Version == version) return seen.Head;
        if (ResponseCodec.Read(item) is not { } head) return null;
        if (ResponseCodec.HeadLength(item) <= LargestHead) Volatile.Write(ref place, new Entry(version, head));
        return head;
    }

    private sealed record Entry(ItemVersion Version, StoredResponse Head);
}
