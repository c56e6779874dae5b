using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Engine;

/// <summary>What the shared tiers said of a session: asked once, however many wait for the answer.</summary>
internal sealed record Consultation(ReadStatus Status)
{
    /// <summary>The session, merged from what the tiers hold; null when there is none.</summary>
    public RemoteSession? Found { get; init; }
    public TierSet Source { get; init; }

    /// <summary>Tiers that could have held it and did not answer.</summary>
    public TierSet Unavailable { get; init; }

    /// <summary>A deletion that a tier remembers; none when there is not.</summary>
    public ItemVersion DeletedAt { get; init; }

    /// <summary>The newest change that each tier knew of.</summary>
    public IReadOnlyDictionary<TierSet, ItemVersion> Seen { get; init; } = new Dictionary<TierSet, ItemVersion>();

    /// <summary>The moment before the tiers were asked, by <see cref="RecentAnnouncements"/>; never where nobody was.</summary>
    public long AskedAt { get; init; } = long.MaxValue;

    /// <summary>The moment before the tiers were asked, by this sidecar's own changes.</summary>
    public long ChangedAt { get; init; } = long.MaxValue;

    /// <summary>Takes references for one more reader; false when the answer's values are gone already.</summary>
    public bool TryShare()
    {
        if (Found?.Session is not { } session) return true;
        for (var i = 0; i < session.Items.Count; i++)
        {
            if (session.Items[i].Value.Large is not { } large || large.AddReference()) continue;
            for (var taken = 0; taken < i; taken++) session.Items[taken].Value.Release();
            return false;
        }

        return true;
    }

    public void Release() => Found?.Session?.Release();
}
