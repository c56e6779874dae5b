using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Tells strangers' changes from announced ones. A server says both over one connection: an announcement at once, and the names of changed keys
/// at the end of the turn in which it ran the commands, each once. So a changed key of whose session an announcement came in that turn was changed
/// by the announcer.
/// </summary>
/// <remarks>
/// One listener, not thread-safe. A stranger's change in the very turn of an announced one to the same session, or the first one after an
/// announcement that was repeated because its answer was lost, stays unnoticed until the next. Else it errs towards comparing too often.
/// </remarks>
internal sealed class TrackedKeys(RedisKeys keys)
{
    /// <summary>A server runs fewer commands a turn; what is beyond is compared.</summary>
    private const int Limit = 16 * 1024;

    private readonly HashSet<byte[]> _announced = new(KeyComparer.Instance);
    private bool _isOver;

    public void Clear()
    {
        _announced.Clear();
        _isOver = false;
    }

    public void Announced(ReadOnlySpan<byte> session)
    {
        // The first announcement of a new turn.
        if (_isOver) Clear();
        if (_announced.Count >= Limit) return;
        _announced.Add(keys.Session(session));
        _announced.Add(keys.Tombstone(session));
    }

    /// <summary>The sessions behind these keys that changed without being announced, each once.</summary>
    public IReadOnlyCollection<byte[]> Unannounced(IReadOnlyList<byte[]> changed)
    {
        _isOver = true;
        var sessions = new HashSet<byte[]>(KeyComparer.Instance);
        foreach (var key in changed)
            if (!_announced.Remove(key) && keys.TryReadChanged(key, out var session)) sessions.Add(session);
        return sessions;
    }
}
