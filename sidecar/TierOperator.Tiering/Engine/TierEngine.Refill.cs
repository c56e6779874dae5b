using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// A Redis that was emptied takes whatever comes first for the newest. What this sidecar's journal has of a session may be older than what others wrote
/// to PostgreSQL since, so of a session that PostgreSQL has too only removals are sent from here, which a Redis that failed over may lack. 1. PostgreSQL hears
/// what it is owed. 2. What it holds then is read, 3. and sent to Redis, where versions let nothing newer be lost, as a part: what other sidecars owe PostgreSQL
/// is not in it. While PostgreSQL is away nothing of it is sent: readers are told that a tier is missing, which is better than an old value without a word. A Redis that still holds the session, as it was
/// before, hears from PostgreSQL what was removed, replaced and deleted since, too.
/// </remarks>
public sealed partial class TierEngine
{
    async ValueTask<bool> ISyncSource.RefillAsync(byte[] key, TierLink link, CancellationToken cancellationToken)
    {
        var (last, outbox) = (_shared!.Of(TierSet.Postgres)!, _shared.Of(link.Flag)!.Outbox);
        var round = outbox.Round;
        var hasHeard = last.Outbox.KnowsAll && !last.Outbox.Owes(key); // even where it takes no writes now
        if (!hasHeard && !await HearsAllAsync(last, key)) return false;
        var there = await last.Link.ReadSessionAsync(key, cancellationToken);
        _clock.Observe(there.Newest);
        if (there.Status == RemoteReadStatus.Unavailable || !await ApplyRefillAsync(RefillOf(key, there, link), link, cancellationToken)) return false;
        if (there.Status == RemoteReadStatus.NotFound && there.Floor == ItemVersion.None) OweWhatIsHere(key, outbox);
        outbox.Refilled(key, round);
        Suspect(key);
        return true;
    }

    bool ISyncSource.CanRefill => _shared?.Of(TierSet.Postgres)?.Link.CanWrite == true;

    /// <summary>PostgreSQL never had it: its rule came there later, or keeps it for less time there.</summary>
    private void OweWhatIsHere(byte[] key, Outbox outbox)
    {
        if (Describe(key, withItems: false) is { Header: { } header }) outbox.Note(WholeNoteOf(key, header), wait: false);
    }

    /// <summary>What this sidecar sent to the tier before, or has in its journal for it, may be missing there without a note of it.</summary>
    private bool IsRecovering(SyncLoop loop, byte[] key)
        => loop.Outbox.IsResending || loop.Outbox.Refills.Contains(key) || (!loop.Outbox.KnowsAll && IsHere(key, _memory.HashOf(key)));

    private bool IsRecovering(TierSet tiers, byte[] key)
    {
        foreach (var loop in _shared!.Loops)
            if (tiers.HasFlag(loop.Link.Flag) && IsRecovering(loop, key)) return true;
        return false;
    }

    /// <summary>A tier that lost the session decides when it has it again.</summary>
    private async ValueTask<bool> HasItAgainAsync(SyncLoop decider, byte[] key, CancellationToken cancellationToken)
        => !decider.Outbox.Refills.Contains(key) || await ((ISyncSource)this).RefillAsync(key, decider.Link, cancellationToken);

    /// <summary>Where Redis is to get a session from that it lost: PostgreSQL has it as well, or will; a dead letter it never took.</summary>
    private bool ComesFromPostgres(byte[] key, SessionHeader? header, TierLink link)
    {
        if (link.Flag != TierSet.Redis || _shared!.Of(TierSet.Postgres) is null) return false;
        var tiers = header is null ? _rules.SharedTiersOf(key) : _rules.Stored(header.Rule, key).SharedTiers;
        return tiers.HasFlag(TierSet.Postgres) && !_deadLetters.Concerns(key);
    }

    private static async ValueTask<bool> ApplyRefillAsync(RemoteChange? change, TierLink link, CancellationToken cancellationToken)
    {
        if (change is null) return true;
        try
        {
            var results = await link.ApplyAsync([change], cancellationToken);
            return results is not null && results[0].Status != RemoteStatus.Unavailable;
        }
        finally
        {
            foreach (var put in change.Puts) put.Value.Release();
        }
    }

    /// <summary>Null where Redis need not know: there is no such session, or its rule keeps none of it there.</summary>
    private RemoteChange? RefillOf(byte[] key, RemoteSession there, TierLink link)
    {
        if (there.Session is not { } session) return there.Floor == ItemVersion.None ? null : TombstoneOf(key, there.Floor);
        var held = new HeldItems(session.Header, [.. session.Items], isWhole: false);
        var change = BuildOf(new OwedSession(key), session.Header, held, link.Flag, _clock.NowMs);
        if (change is null) held.Release();
        return change is null ? null : change with
        {
            IsAnnounced = true, Newest = there.Newest, IsRefill = true,
            Removals = [.. there.Removed?.Select(static gone => new RemovedItem(gone.Key, gone.Value)) ?? []], // it may be a failed-over Redis that has them
        };
    }
}
