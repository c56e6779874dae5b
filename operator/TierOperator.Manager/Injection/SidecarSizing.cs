using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Manager.Injection;

/// <summary>
/// What a sidecar's container and its volume may take, from the policy's capacities. Memory: the tier, a quarter more for
/// bodies on their way, and 128 MiB for the process itself (idle it stays under 80 MiB). Disk: the tier, a tenth more for
/// compaction, and 64 MiB.
/// </summary>
internal static class SidecarSizing
{
    private const long Mebi = 1024 * 1024;
    private const long ProcessBytes = 128 * Mebi;
    private const long DiskHeadroomBytes = 64 * Mebi;

    public static Quantity MemoryLimit(SpecDocument spec)
    {
        var memory = spec.Tiers?.Memory?.Capacity?.Bytes ?? 0;
        return InMebi(memory + memory / 4 + ProcessBytes + (IsTmpfs(spec) ? DiskBytes(spec) : 0));
    }

    public static Quantity DiskLimit(SpecDocument spec) => InMebi(DiskBytes(spec));

    // A tmpfs is memory of the container that fills it, and counts against its limit.
    private static bool IsTmpfs(SpecDocument spec) => spec.Tiers?.Spillover?.Volume?.EmptyDir?.Medium == "Memory";

    private static long DiskBytes(SpecDocument spec)
    {
        var capacity = spec.Tiers?.Spillover?.Capacity?.Bytes ?? 0;
        return capacity + capacity / 10 + DiskHeadroomBytes;
    }

    private static Quantity InMebi(long bytes) => new((bytes + Mebi - 1) / Mebi * Mebi);
}
