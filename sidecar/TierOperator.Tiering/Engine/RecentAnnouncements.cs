namespace TierOperator.Tiering.Engine;

/// <summary>
/// Tells whether something of a session was announced since a moment: an answer that was on its way by then may be the state before it,
/// and what is made of it here is suspect. Sessions share places, so that it takes no more room however many are announced: sometimes one
/// is compared in vain.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RecentAnnouncements
{
    private const int Places = 4096;
    private readonly Lock _gate = new();
    private readonly long[] _at = new long[Places];
    private long _allAt;
    private long _count;

    /// <summary>To be asked for before the question goes out.</summary>
    public long Now => Volatile.Read(ref _count);

    /// <summary>Before the copy is made suspect: whoever puts one in its place afterwards finds this.</summary>
    public void Add(ulong hash)
    {
        lock (_gate) _at[hash % Places] = ++_count;
    }

    public void AddAll()
    {
        lock (_gate) _allAt = ++_count;
    }

    public bool AnySince(long moment, ulong hash)
    {
        if (Now <= moment) return false;
        lock (_gate) return _allAt > moment || _at[hash % Places] > moment;
    }
}
