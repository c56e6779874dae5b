namespace TierOperator.Tiering.Engine;

/// <summary>
/// Sessions whose copy on disk may be older than the shared tiers'. Bounded: past its limit every copy is suspect until it has been
/// compared. Thread-safe.
/// </summary>
internal sealed class SuspectSessions
{
    private const int Limit = 256 * 1024;
    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _suspect = [];
    private readonly HashSet<ulong> _compared = [];
    private volatile bool _any;
    private bool _all;

    /// <summary>False for most processes at most times, at the cost of one read.</summary>
    public bool Contains(ulong hash)
    {
        if (!_any) return false;
        lock (_gate) return _all ? !_compared.Contains(hash) : _suspect.Contains(hash);
    }

    public void Add(ulong hash)
    {
        lock (_gate)
        {
            _any = true;
            _compared.Remove(hash);
            if (!_all && _suspect.Count < Limit) _suspect.Add(hash);
            else if (!_all) AddAll_NeedsLock();
        }
    }

    public void AddAll()
    {
        lock (_gate) AddAll_NeedsLock();
    }

    /// <summary>It was compared, and is what the shared tiers hold.</summary>
    public void Remove(ulong hash)
    {
        if (!_any) return;
        lock (_gate)
        {
            _suspect.Remove(hash);
            if (_all && _compared.Count == Limit) _compared.Clear();
            if (_all) _compared.Add(hash);
            else _any = _suspect.Count > 0;
        }
    }

    private void AddAll_NeedsLock()
    {
        (_any, _all) = (true, true);
        _suspect.Clear();
        _compared.Clear();
    }
}
