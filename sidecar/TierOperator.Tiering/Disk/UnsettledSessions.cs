using System.Collections.Concurrent;

namespace TierOperator.Tiering.Disk;

/// <summary>Sessions whose latest state could not be written: what the disk holds of them is not to be believed.</summary>
internal sealed class UnsettledSessions(int limit)
{
    private readonly ConcurrentDictionary<Hash128, byte[]> _keys = new();
    private volatile bool _any;

    public bool IsFull => _any && _keys.Count >= limit;
    public IReadOnlyCollection<byte[]> Keys => _any ? [.. _keys.Values] : [];
    public int Count => _any ? _keys.Count : 0;

    public bool Contains(Hash128 session) => _any && _keys.ContainsKey(session);

    /// <summary>False when there are too many, unless it must be taken because the write has failed already.</summary>
    public bool Add(Hash128 session, byte[] key, bool must)
    {
        if (!must && IsFull && !_keys.ContainsKey(session)) return false;
        _keys[session] = key;
        _any = true;
        return true;
    }

    public void Remove(Hash128 session) => _keys.TryRemove(session, out _);
}
