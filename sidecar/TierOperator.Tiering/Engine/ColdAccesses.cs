namespace TierOperator.Tiering.Engine;

/// <summary>
/// Accesses to sessions that only the disk holds, until they are promoted. Bounded: when full it starts anew, which delays
/// a promotion and loses nothing. Thread-safe.
/// </summary>
internal sealed class ColdAccesses
{
    private const int Limit = 16 * 1024;
    private readonly Dictionary<ulong, uint> _counts = [];

    /// <summary>Counts one more and answers how many there were, this one included.</summary>
    public uint Count(ulong hash)
    {
        lock (_counts)
        {
            if (_counts.Count == Limit) _counts.Clear();
            var count = _counts.GetValueOrDefault(hash) + 1;
            _counts[hash] = count;
            return count;
        }
    }
}
