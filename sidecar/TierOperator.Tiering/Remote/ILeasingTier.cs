namespace TierOperator.Tiering.Remote;

/// <summary>
/// A tier in which sidecars agree on who does something once: a lease has one owner, and ends by itself when that owner is heard of no more.
/// </summary>
/// <remarks>Thread-safe. Bounded by the tier's timeout; only a cancelled token throws.</remarks>
public interface ILeasingTier
{
    /// <summary>Takes the lease on a session, or makes it last anew where the owner has it already.</summary>
    ValueTask<LeaseAnswer> TakeLeaseAsync(LeaseClaim claim, CancellationToken cancellationToken);

    /// <summary>Gives it up. With <paramref name="inVainFor"/> others are told for so long that waiting for its outcome is in vain.</summary>
    ValueTask EndLeaseAsync(LeaseClaim claim, TimeSpan inVainFor, CancellationToken cancellationToken);
}

/// <summary>Who wants what for how long.</summary>
public sealed record LeaseClaim(ReadOnlyMemory<byte> Session, ReadOnlyMemory<byte> Owner, TimeSpan Lasts);

public enum LeaseAnswer
{
    /// <summary>The tier is away, or knows no leases: everybody is on their own.</summary>
    Unavailable,
    Held,
    HeldByOther,

    /// <summary>The last owner has said that its work is of no use to others.</summary>
    InVain,
}
