using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Engine;

/// <summary>What a write has told the shared tiers: which, and what comes of it where it was sent at once.</summary>
internal readonly record struct OwedWaits
{
    public TierSet Tiers { get; init; }
    public Task<RemoteResult>? Redis { get; init; }
    public Task<RemoteResult>? Postgres { get; init; }

    /// <summary>No local tier holds the write: it is there when a shared one has it, or not at all.</summary>
    public bool IsCarried { get; init; }

    /// <summary>The moment behind the write: what changes the session here from then on comes after it.</summary>
    public long ChangedAt { get; init; }

    public Task<RemoteResult>? Of(TierSet tier) => tier == TierSet.Redis ? Redis : Postgres;

    public OwedWaits With(TierSet tier, Task<RemoteResult>? wait)
        => tier == TierSet.Redis ? this with { Tiers = Tiers | tier, Redis = wait } : this with { Tiers = Tiers | tier, Postgres = wait };
}
