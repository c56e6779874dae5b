using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <remarks>Leases on sessions, in the tier that decides their conditional writes.</remarks>
public sealed partial class TierEngine
{
    /// <summary>True where a lease on the session can be had now.</summary>
    public bool CanLease(ReadOnlySpan<byte> session)
        => _shared is not null && LeaserOf(session) is { CanWrite: true };

    /// <summary>Takes the lease on a session, or makes it last anew. Costs the tier's timeout at most, and nothing while it is known to be away.</summary>
    public ValueTask<LeaseAnswer> TakeLeaseAsync(LeaseClaim claim, CancellationToken cancellationToken)
        => LeaserOf(claim.Session.Span)?.TakeLeaseAsync(claim, cancellationToken) ?? new(LeaseAnswer.Unavailable);

    /// <summary>Gives a lease up; see <see cref="ILeasingTier.EndLeaseAsync"/>.</summary>
    public ValueTask EndLeaseAsync(LeaseClaim claim, TimeSpan inVainFor, CancellationToken cancellationToken)
        => LeaserOf(claim.Session.Span)?.EndLeaseAsync(claim, inVainFor, cancellationToken) ?? ValueTask.CompletedTask;

    /// <summary>Waits until the tier that has the session's leases has heard all that was written of it here. False: it could not.</summary>
    public async ValueTask<bool> IsToldAsync(ReadOnlyMemory<byte> session)
    {
        if (_shared?.DeciderOf(_rules.SharedTiersOf(session.Span)) is not { } decider) return false;
        return await HearsAllAsync(decider, session.ToArray());
    }

    private TierLink? LeaserOf(ReadOnlySpan<byte> session)
        => _shared?.DeciderOf(_rules.SharedTiersOf(session))?.Link is { Tier: ILeasingTier } link ? link : null;
}
