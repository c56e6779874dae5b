namespace TierOperator.Tiering.Sync;

/// <summary>Sessions that go to a tier together, and which of them are not answered yet.</summary>
/// <remarks>Thread-safe: answers come on any thread.</remarks>
internal sealed class Batch
{
    private readonly Lock _gate = new();
    private readonly HashSet<OwedSession> _open;
    private Lane? _lane;
    private int _failed;

    public Batch(List<OwedSession> sessions, Lane lane, bool isFull)
    {
        (Sessions, _lane, IsFull, _open) = (sessions, lane, isFull, [.. sessions]);
        IsMissed = sessions[0].Attempts > 0;
        lane.Enter();
    }

    public IReadOnlyList<OwedSession> Sessions { get; }
    public bool IsFull { get; }

    /// <summary>All of it was sent in vain before.</summary>
    public bool IsMissed { get; }

    /// <summary>How many have no answer yet.</summary>
    public int Open { get { lock (_gate) return _open.Count; } }

    /// <summary>How many were not taken.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Its answer has come. False: it had come before.</summary>
    public bool TryClose(OwedSession owed, bool isSettled)
    {
        lock (_gate)
        {
            if (!_open.Remove(owed)) return false;
        }

        if (!isSettled) Interlocked.Increment(ref _failed);
        return true;
    }

    /// <summary>What never got an answer.</summary>
    public List<OwedSession> TakeOpen()
    {
        lock (_gate)
        {
            List<OwedSession> open = [.. _open];
            _open.Clear();
            Interlocked.Add(ref _failed, open.Count);
            return open;
        }
    }

    /// <summary>Makes room on the lane, once.</summary>
    public void Leave() => Interlocked.Exchange(ref _lane, null)?.Leave();
}

/// <summary>One of the ways to a tier: what goes on one does not wait for what goes on another.</summary>
internal sealed class Lane
{
    private int _underWay;

    public int UnderWay => Volatile.Read(ref _underWay);

    public void Enter() => Interlocked.Increment(ref _underWay);

    public void Leave() => Interlocked.Decrement(ref _underWay);
}
