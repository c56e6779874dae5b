using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Remote;

/// <summary>What every remote tier is told. Sizes in bytes.</summary>
public sealed record RemoteTierOptions
{
    /// <summary>The policy's namespace and name: everything of ours stands under them, and nothing else is touched.</summary>
    public required string Namespace { get; init; }
    public required string Policy { get; init; }

    /// <summary>How long one call may take for its caller, whatever the server does.</summary>
    public required TimeSpan Timeout { get => Times.Call; init => Times = new RemoteTimes(value, Times.Batch); }

    /// <summary>How long one <see cref="IRemoteTier.ApplyAsync"/> may take: a batch needs more than a read.</summary>
    public TimeSpan ApplyTimeout { get => Times.Batch; init => Times = new RemoteTimes(Times.Call, value); }

    /// <summary>Both. Those that a policy changes while serving are given after the others.</summary>
    public RemoteTimes Times { get; init; } = new(TimeSpan.Zero, RemoteTimes.DefaultBatch);
    public CompressionKind Compression { get; init; } = CompressionKind.Auto;

    /// <summary>How long a delete is remembered.</summary>
    public TimeSpan Tombstones { get; init; } = TimeSpan.FromDays(7);

    /// <summary>This sidecar's number in versions.</summary>
    public uint Node { get; init; }
}
