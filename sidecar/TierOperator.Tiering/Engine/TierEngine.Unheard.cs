using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// A Redis that was away comes back with what it held, and is asked first. Who wrote to PostgreSQL meanwhile tells it then, unless that sidecar is gone for
/// good, its data folder too. So PostgreSQL remembers which sessions Redis has yet to hear of. 1. A change that goes to PostgreSQL while Redis takes none is
/// noted with it, in one step. 2. What PostgreSQL was told just before, and Redis not, stands in Redis' outbox: it is noted once Redis is known to be away.
/// 3. While Redis can be used every sidecar takes notes, brings those sessions there, and ends them: TierEngine.Reminding.cs.
/// </remarks>
public sealed partial class TierEngine
{
    /// <summary>Sessions noted at once.</summary>
    private const int NotesAtOnce = 500;

    /// <summary>PostgreSQL may have been told without a note what Redis has not heard: before a crash, or while Redis was still believed to be well.</summary>
    private volatile bool _lacksNotes = true;
    private bool _hasRead;
    private Queue<byte[]> _unnoted = new();

    /// <summary>
    /// A refill goes by versions: where a rule settles conflicts otherwise, the writer's own comparison with what Redis holds must come first, and may still.
    /// </summary>
    private static bool IsReminded(CompiledRule rule) => rule.OnConflict == ConflictStrategy.LatestWins;

    private bool IsReminded(byte[] key) => IsReminded(_rules.Policy.Matcher.MatchSession(key, null)) && _rules.SharedTiersOf(key).HasFlag(TierSet.Postgres);

    /// <summary>Whether a change to PostgreSQL of a session in these tiers is to be noted there.</summary>
    private bool IsUnheardByRedis(TierSet tiers, TierSet to)
    {
        if (to != TierSet.Postgres || !tiers.HasFlag(TierSet.Redis) || _shared!.Of(TierSet.Redis) is not { Link: var redis }) return false;
        if (!redis.CanWrite) return true;
        if (!_lacksNotes) _lacksNotes = true; // Redis is told of it too, before this; if it goes away first, the outbox has it
        return false;
    }

    /// <summary>Notes what stands in Redis' outbox; what PostgreSQL does not take now waits.</summary>
    private async ValueTask NoteUnheardAsync(SyncLoop redis, SyncLoop postgres, IRemindingTier tier, CancellationToken cancellationToken)
    {
        ListUnnoted(redis.Outbox);
        while (_unnoted.Count > 0 && postgres.Link.CanWrite)
        {
            var page = _unnoted.Take(NotesAtOnce).ToList();
            if (!await tier.NoteUnheardAsync(page, cancellationToken)) return;
            foreach (var _ in page) _unnoted.Dequeue();
        }
    }

    /// <summary>Once for an outage, and once more when a journal that was behind has been read, as far as there is room for it.</summary>
    private void ListUnnoted(Outbox outbox)
    {
        var hasRead = outbox.KnowsAll || !outbox.MayReadOn;
        if (!_lacksNotes && (_hasRead || !hasRead)) return;
        (_lacksNotes, _hasRead) = (false, hasRead); // before the list: what comes into the outbox from here on is listed, or noted with its change
        _unnoted = new Queue<byte[]>(outbox.ChangedKeys().Where(IsReminded));
    }

    private void ForgetUnnoted() => (_unnoted, _hasRead) = (new(), false);
}
