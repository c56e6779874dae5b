namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>As <see cref="TryLeaseAsync"/>, for callers that may not wait: nothing is evicted for it.</summary>
    public InFlightLease? TryLease(long bytes) => _inFlight.TryTake(bytes) ? new InFlightLease(_inFlight, bytes) : null;

    /// <summary>What bodies on their way may take together: a larger one can never be received.</summary>
    public long InFlightCapacityBytes => _inFlight.CapacityBytes;

    /// <summary>
    /// Reserves room for a body before it is received or read from disk, evicting where that helps. Null: the budget is used
    /// up, the caller answers 429. Dispose it after the write has been answered.
    /// </summary>
    public async ValueTask<InFlightLease?> TryLeaseAsync(long bytes, CancellationToken cancellationToken)
    {
        if (_inFlight.TryTake(bytes)) return new InFlightLease(_inFlight, bytes);
        if (_inFlight.UsedBytes + bytes > _inFlight.CapacityBytes || !await MakeRoomAsync(bytes, cancellationToken)) return null;
        return _inFlight.TryTake(bytes) ? new InFlightLease(_inFlight, bytes) : null;
    }
}
