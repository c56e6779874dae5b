namespace TierOperator.Tiering.Sync;

/// <summary>Runs of this sidecar before the present one: each may have ended between a tier's answer and its own disk.</summary>
/// <param name="runs">How the last ones ended.</param>
/// <param name="nodes">The nodes of these and of more before them.</param>
internal sealed class LastRuns(IReadOnlyList<LastRun> runs, IReadOnlyCollection<uint> nodes)
{
    private readonly HashSet<uint> _nodes = [.. nodes];

    public static readonly LastRuns None = new([], []);

    public bool AreKnown => _nodes.Count > 0;

    /// <summary>One of them had this node.</summary>
    public bool Has(uint node) => _nodes.Contains(node);

    /// <summary>One of them gave that version shortly before it ended.</summary>
    public bool Gave(ItemVersion version)
    {
        foreach (var run in runs)
            if (run.Gave(version)) return true;
        return false;
    }
}

/// <summary>The end of a run, in which its disk may have missed what a tier took.</summary>
/// <param name="Node">The run's node, as its versions have it.</param>
/// <param name="FromMs">What is older was on disk, however long a tier took for its answer; Unix milliseconds.</param>
/// <param name="ToMs">When the next run began.</param>
internal readonly record struct LastRun(uint Node, long FromMs, long ToMs)
{
    public bool Gave(ItemVersion version) => version.Node == Node && version.Milliseconds >= FromMs && version.Milliseconds <= ToMs;
}
