using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Redis is told what it missed, whoever wrote it. 1. Notes are taken from PostgreSQL: at once when Redis can be used (again), then a few times a minute, for
/// another sidecar may be cut off from Redis alone. 2. Each session is read in PostgreSQL and sent to Redis, as when Redis had lost it: versions let nothing newer
/// be lost. 3. The notes of those that arrived are ended. What failed is taken again later, here or elsewhere.
/// </remarks>
public sealed partial class TierEngine
{
    private const int RemindersAtOnce = 100;
    private const int SweepsBetweenReminders = 15;

    private long _reminded;

    /// <summary>Sessions that Redis had missed and was brought from PostgreSQL.</summary>
    internal long Reminded => Interlocked.Read(ref _reminded);

    /// <summary>Where Redis and PostgreSQL are both declared, and PostgreSQL keeps notes; else it is over at once.</summary>
    private Task BeginReminding(CancellationToken cancellationToken)
    {
        if (_shared?.Of(TierSet.Redis) is not { } redis || _shared.Of(TierSet.Postgres) is not { Link.Tier: IRemindingTier tier } postgres) return Task.CompletedTask;
        return KeepRunning("reminders", () => RemindAsync(redis, postgres, tier, cancellationToken), cancellationToken);
    }

    private async Task RemindAsync(SyncLoop redis, SyncLoop postgres, IRemindingTier tier, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.SweepEvery, _time);
        for (var sweepsLeft = 0; await timer.WaitForNextTickAsync(cancellationToken);)
        {
            if (!redis.Link.CanWrite)
            {
                sweepsLeft = 0;
                await NoteUnheardAsync(redis, postgres, tier, cancellationToken);
                continue;
            }

            ForgetUnnoted();
            if (--sweepsLeft > 0 || !CanRemind(redis, postgres)) continue;
            while (CanRemind(redis, postgres) && await BringBackAsync(redis, tier, cancellationToken)) { }
            sweepsLeft = (int)(SweepsBetweenReminders * (0.75 + (Random.Shared.NextDouble() / 2))); // with jitter, so that a fleet does not ask at one moment
        }
    }

    /// <summary>A sidecar that has yet to find out what it owes PostgreSQL itself would wait for that with every session.</summary>
    private static bool CanRemind(SyncLoop redis, SyncLoop postgres) => redis.Link.CanWrite && postgres.Link.CanWrite && postgres.Outbox.KnowsAll;

    /// <summary>False: no more is to be had now.</summary>
    private async ValueTask<bool> BringBackAsync(SyncLoop redis, IRemindingTier tier, CancellationToken cancellationToken)
    {
        var round = redis.Outbox.Round;
        var taken = await tier.TakeUnheardAsync(RemindersAtOnce, cancellationToken);
        var heard = new List<UnheardSession>();
        await Parallel.ForEachAsync(taken, new ParallelOptions { MaxDegreeOfParallelism = SyncLoop.RefillsAtOnce, CancellationToken = cancellationToken }, async (session, token) =>
        {
            if (!await TryBringBackAsync(session.Session, redis.Link, token)) return;
            lock (heard) heard.Add(session);
        });
        if (heard.Count > 0 && redis.Outbox.Round == round) await tier.HeardAsync(heard, cancellationToken); // else Redis has lost it again
        return taken.Count > 0;
    }

    private async ValueTask<bool> TryBringBackAsync(byte[] key, TierLink redis, CancellationToken cancellationToken)
    {
        try
        {
            if (!_rules.SharedTiersOf(key).HasFlag(TierSet.Redis)) return true; // nobody asks Redis for it any more
            if (!await ((ISyncSource)this).RefillAsync(key, redis, cancellationToken)) return false;
            Interlocked.Increment(ref _reminded);
            return true;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            EngineLog.BackgroundFailed(_log, "reminders", error);
            _counters.BackgroundFailed();
            return false;
        }
    }
}
