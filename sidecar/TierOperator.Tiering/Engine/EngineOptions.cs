using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <summary>What the engine needs beside a policy. Validated when it opens.</summary>
public sealed record EngineOptions
{
    /// <summary>Where the disk tier lives; null runs on memory alone, whatever the policy says of spillover.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The encryption keys of the disk tier; null writes clear text.</summary>
    public KeyRing? Keys { get; init; }

    /// <summary>Bytes of bodies on their way in or out at any time; 0: a quarter of the memory capacity, 1 MiB at least.</summary>
    public long InFlightBytes { get; init; }

    /// <summary>The tiers outside this process; empty where the policy declares none.</summary>
    public IReadOnlyList<RemoteTierBinding> RemoteTiers { get; init; } = [];

    /// <summary>This sidecar's number in versions; 0: random.</summary>
    public uint Node { get; init; }

    /// <summary>How often the background work looks for what is due.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(1);
}
