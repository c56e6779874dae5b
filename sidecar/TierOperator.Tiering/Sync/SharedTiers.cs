using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>A remote tier as the engine is given it.</summary>
public sealed record RemoteTierBinding(IRemoteTier Tier, TimeSpan Timeout)
{
    /// <summary>How this sidecar hears of what others write; null when it cannot.</summary>
    public IBackplane? Backplane { get; init; }

    /// <summary>How long the tier's calls may take: the tier's own, so that a change of the policy reaches it.</summary>
    public RemoteTimes Times { get; init; } = new(Timeout, RemoteTimes.DefaultBatch);
}

/// <summary>A tier's announcements.</summary>
internal readonly record struct Backchannel(TierSet Tier, IBackplane Backplane);

/// <summary>The tiers outside this process that the policy declares, in the order in which a read asks them.</summary>
internal sealed class SharedTiers(IReadOnlyList<SyncLoop> loops, IReadOnlyList<Backchannel> backplanes) : IAsyncDisposable
{
    public IReadOnlyList<SyncLoop> Loops => loops;
    public IReadOnlyList<Backchannel> Backplanes => backplanes;
    /// <summary>The tier whose announcements tell of the sessions in these tiers; none where nobody hears of them.</summary>
    public TierSet HearingOf(TierSet tiers)
    {
        foreach (var (tier, _) in backplanes)
            if (tiers.HasFlag(tier)) return tier;
        return TierSet.None;
    }

    /// <summary>The tiers whose announcements do not arrive now.</summary>
    public TierSet Deaf
    {
        get
        {
            var deaf = TierSet.None;
            foreach (var (tier, backplane) in backplanes)
                if (!backplane.IsConnected) deaf |= tier;
            return deaf;
        }
    }

    public TierSet Bound { get; } = loops.Aggregate(TierSet.None, static (tiers, loop) => tiers | loop.Link.Flag);

    /// <summary>Those that take writes now.</summary>
    public TierSet Writable => loops.Aggregate(TierSet.None, static (tiers, loop) => loop.Link.CanWrite ? tiers | loop.Link.Flag : tiers);

    /// <summary>The tier that decides conditional writes of a rule: Redis where it has it, else PostgreSQL.</summary>
    public SyncLoop? DeciderOf(TierSet tiers) => loops.FirstOrDefault(loop => tiers.HasFlag(loop.Link.Flag));

    public SyncLoop? Of(TierSet tier) => loops.FirstOrDefault(loop => loop.Link.Flag == tier);

    public bool Owes(byte[] key)
    {
        foreach (var loop in loops)
            if (loop.Outbox.Owes(key)) return true;
        return false;
    }

    /// <summary>While the journal holds what no outbox has noted, any session may be owed.</summary>
    public bool IsBehind
    {
        get
        {
            foreach (var loop in loops)
                if (!loop.Outbox.KnowsAll) return true;
            return false;
        }
    }

    public void Start()
    {
        foreach (var loop in loops)
        {
            loop.Link.Tier.Start();
            loop.Start();
        }

        foreach (var (_, backplane) in backplanes) backplane.Start();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, backplane) in backplanes) await backplane.DisposeAsync();
        foreach (var loop in loops) await loop.DisposeAsync();
    }

    public static string NameOf(TierSet tier) => tier switch
    {
        TierSet.Redis => "redis",
        TierSet.Postgres => "postgres",
        TierSet.Spillover => "spillover",
        _ => "memory",
    };

    public static string NamesOf(TierSet tiers)
        => string.Join(", ", new[] { TierSet.Memory, TierSet.Spillover, TierSet.Redis, TierSet.Postgres }.Where(tier => tiers.HasFlag(tier)).Select(NameOf));
}
