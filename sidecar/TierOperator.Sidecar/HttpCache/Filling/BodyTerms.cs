namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>What a body may take of memory, and where the rest goes. No key: there is no disk for it.</summary>
internal sealed record BodyTerms(long LargestInMemory, byte[]? DiskKey, TimeSpan KeepFor)
{
    /// <summary>A body up to this size stands behind its head, in one item.</summary>
    public const int LargestInline = 32 * 1024;

    /// <summary>A body beyond that would drive too much else from the disk.</summary>
    public long LargestOnDisk { get; init; } = long.MaxValue;
}
