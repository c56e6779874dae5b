namespace TierOperator.Tiering.Disk;

/// <summary>
/// The sessions that the store lately took out by itself, so that a write which believes one to be here does not leave
/// half of it. Bounded: whoever was told by <see cref="DiskStore.SessionGone"/> long ago knows.
/// </summary>
/// <remarks>Used under the committer's gate only, in the order of the appends.</remarks>
internal sealed class GoneSessions
{
    private const int Limit = 65_536;
    private readonly HashSet<Hash128> _sessions = [];
    private readonly Queue<Hash128> _order = new();

    public void Add(Hash128[] sessions)
    {
        foreach (var session in sessions)
        {
            if (!_sessions.Add(session)) continue;
            _order.Enqueue(session);
            if (_order.Count > Limit) _sessions.Remove(_order.Dequeue());
        }
    }

    /// <summary>False when the batch builds on a session that is gone. A batch that does not makes it anew.</summary>
    public bool Admit(PendingBatch batch, bool expectsSession)
    {
        if (_sessions.Count == 0) return true;
        if (expectsSession && Array.Exists(batch.Operations, operation => _sessions.Contains(operation.Header.Session))) return false;
        foreach (var operation in batch.Operations) _sessions.Remove(operation.Header.Session);
        return true;
    }
}
