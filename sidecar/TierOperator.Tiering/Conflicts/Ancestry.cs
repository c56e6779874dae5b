using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Conflicts;

/// <summary>What the version that stands in a tier is to a write that comes there.</summary>
internal enum Standing
{
    /// <summary>The writer knew it, or wrote it: it is replaced.</summary>
    Known,

    /// <summary>It is this sidecar's own and newer: it stays, and the other tiers may have to hear of it.</summary>
    OwnNewer,

    /// <summary>Another's, and nothing says that the writer knew it: a conflict.</summary>
    Unseen,
}

/// <summary>
/// Tells conflicts from a sidecar's own history. One node writes in order, and each run of a sidecar has a node of its own: what one run wrote is no
/// news to the next, also where nothing says any more what the writer knew. What a conflict was settled to has this sidecar's version, but another's words.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="node">The present run's node.</param>
/// <param name="before">The runs before it.</param>
internal sealed class Ancestry(uint node, LastRuns before)
{
    /// <summary>Beyond that the oldest are long read here.</summary>
    private const int MostSettled = 4096;

    private readonly Lock _gate = new();
    private readonly HashSet<ItemVersion> _settled = [];
    private readonly Queue<ItemVersion> _oldestSettled = new();

    /// <summary>This sidecar wrote it, now or in a run before.</summary>
    public bool IsOwn(ItemVersion version) => version.Node == node || before.Has(version.Node);

    /// <summary>A version that was given here to what became of a conflict.</summary>
    public void Settled(ItemVersion version)
    {
        lock (_gate)
        {
            if (_settled.Add(version)) _oldestSettled.Enqueue(version);
            if (_oldestSettled.Count > MostSettled) _settled.Remove(_oldestSettled.Dequeue());
        }
    }

    /// <param name="owed">What is known of the write.</param>
    /// <param name="ours">Its version.</param>
    /// <param name="there">The version that stands there.</param>
    /// <param name="isDisputed">That one is a document of several versions, which a plain write leaves alone.</param>
    public Standing Of(in OwedItem owed, ItemVersion ours, ItemVersion there, bool isDisputed)
    {
        if (there == ours || owed.Seen?.Contains(there) == true) return Standing.Known;
        if (!IsOwn(there)) return there.Node == ours.Node || (there > ours && IsCopy(ours)) ? Standing.Known : Standing.Unseen;
        if (WasSettled(there) && (owed.Seen is not null || there < ours)) return Standing.Unseen;
        if (there > ours) return Standing.OwnNewer;
        return isDisputed ? Standing.Unseen : Standing.Known;
    }

    private bool WasSettled(ItemVersion version)
    {
        lock (_gate) return _settled.Contains(version);
    }

    /// <summary>Another's write, which was only read here: where the runs before are not known, after an upgrade, it may be one of theirs.</summary>
    private bool IsCopy(ItemVersion version) => before.AreKnown && !IsOwn(version);
}
