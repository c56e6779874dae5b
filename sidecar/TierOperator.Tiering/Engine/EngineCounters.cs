using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <summary>What the engine counts beside the hits that each shard counts for itself. Thread-safe.</summary>
internal sealed class EngineCounters
{
    private long _redisHits, _postgresHits, _diskHits, _writes, _deletes, _evictions, _unsaved, _expirations, _loadsRefused, _backgroundFailures;

    public long DiskHits => Interlocked.Read(ref _diskHits);
    public long RedisHits => Interlocked.Read(ref _redisHits);
    public long PostgresHits => Interlocked.Read(ref _postgresHits);
    public long Writes => Interlocked.Read(ref _writes);
    public long Deletes => Interlocked.Read(ref _deletes);
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>Evicted while the disk could not take them: their memory copy was the only one.</summary>
    public long EvictionsUnsaved => Interlocked.Read(ref _unsaved);
    public long Expirations => Interlocked.Read(ref _expirations);
    public long LoadsRefused => Interlocked.Read(ref _loadsRefused);
    public long BackgroundFailures => Interlocked.Read(ref _backgroundFailures);

    public void DiskHit() => Interlocked.Increment(ref _diskHits);
    public void SharedHit(TierSet source)
    {
        if (source == TierSet.Redis) Interlocked.Increment(ref _redisHits);
        else Interlocked.Increment(ref _postgresHits);
    }

    public void Evicted() => Interlocked.Increment(ref _evictions);
    public void EvictedUnsaved() => Interlocked.Increment(ref _unsaved);
    public void Expired() => Interlocked.Increment(ref _expirations);
    public void LoadRefused() => Interlocked.Increment(ref _loadsRefused);
    public void BackgroundFailed() => Interlocked.Increment(ref _backgroundFailures);

    public void Wrote() => Interlocked.Increment(ref _writes);

    public void Wrote(SessionPlan plan)
    {
        if (plan.Mutation.Delete) Interlocked.Increment(ref _deletes);
        else Interlocked.Increment(ref _writes);
    }
}
