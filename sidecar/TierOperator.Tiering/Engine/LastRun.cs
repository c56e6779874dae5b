namespace TierOperator.Tiering.Engine;

/// <summary>The run of this sidecar before the present one, which may have ended between a tier's answer and its own disk.</summary>
/// <param name="Node">Its node, as its versions have it; 0 where there was none.</param>
/// <param name="SavedMs">About when it ended, Unix milliseconds.</param>
/// <param name="OverMs">When the present run began.</param>
internal readonly record struct LastRun(uint Node, long SavedMs, long OverMs)
{
    /// <summary>What is older than this before its end was on disk, however long a tier took for its answer.</summary>
    private const long WindowMs = 60_000;

    /// <summary>It gave that version shortly before it ended.</summary>
    public bool Gave(ItemVersion version)
        => Node != 0 && version.Node == Node && version.Milliseconds >= SavedMs - WindowMs && version.Milliseconds <= OverMs;
}
