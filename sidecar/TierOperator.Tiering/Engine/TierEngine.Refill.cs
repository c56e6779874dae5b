using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// A Redis that was emptied takes whatever comes first for the newest. What this sidecar's journal has of a session may be older than what others wrote
/// to PostgreSQL since, so a session that PostgreSQL has too is not sent from here. 1. PostgreSQL hears what it is owed. 2. What it holds then is read, 3. and
/// sent to Redis, where versions let nothing newer be lost. A Redis that failed over may have items that were removed since: of these the journal tells.
/// While PostgreSQL is away nothing of it is sent: readers are told that a tier is missing, which is better than an old value without a word.
/// </remarks>
public sealed partial class TierEngine
{
    async ValueTask<bool> ISyncSource.RefillAsync(byte[] key, TierLink link, CancellationToken cancellationToken)
    {
        var (last, refills) = (_shared!.Of(TierSet.Postgres)!, _shared.Of(link.Flag)!.Outbox.Refills);
        var removed = refills.Begin(key);
        if (!await HearsAllAsync(last, key)) return false;
        var there = await last.Link.ReadSessionAsync(key, cancellationToken);
        _clock.Observe(there.Newest);
        if (there.Status == RemoteReadStatus.Unavailable || !await ApplyRefillAsync(RefillOf(key, there, removed, link), link, cancellationToken)) return false;
        refills.Done(key);
        Suspect(key);
        return true;
    }

    /// <summary>A tier that lost the session decides when it has it again.</summary>
    private async ValueTask<bool> IsRefilledAsync(SyncLoop decider, byte[] key, CancellationToken cancellationToken)
        => !decider.Outbox.Refills.Contains(key) || await ((ISyncSource)this).RefillAsync(key, decider.Link, cancellationToken);

    /// <summary>PostgreSQL has it as well, or will; a dead letter it never took.</summary>
    private bool IsRefilled(byte[] key, SessionHeader? header, TierLink link)
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
    private RemoteChange? RefillOf(byte[] key, RemoteSession there, List<RemovedItem> removed, TierLink link)
    {
        var nowMs = _clock.NowMs;
        if (there.Session is not { } session)
        {
            return there.Floor == ItemVersion.None ? null : new RemoteChange(key)
            {
                Floor = there.Floor, Newest = there.Floor, ExpiresMs = nowMs + (long)_rules.Policy.Tombstones.TotalMilliseconds,
            };
        }

        removed.RemoveAll(gone => session.Items.Any(item => item.Key.AsSpan().SequenceEqual(gone.Item.Span))); // written anew since
        var held = new HeldItems(session.Header, [.. session.Items], isWhole: !there.IsProjection);
        var change = BuildOf(new OwedSession(key), session.Header, held, link.Flag, nowMs);
        if (change is null) held.Release();
        return change is null ? null : change with { IsAnnounced = true, Removals = removed, Newest = there.Newest };
    }
}
