using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Bodies on their way in or out: they count against memory as well as against a budget of their own, so that many large
/// ones at once are refused instead of growing the process. Thread-safe.
/// </summary>
internal sealed class InFlightBudget(long capacityBytes, MemoryBudget memory, bool countsInMemory)
{
    private long _used;

    public long UsedBytes => Interlocked.Read(ref _used);

    public long CapacityBytes => capacityBytes;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) > capacityBytes)
        {
            Interlocked.Add(ref _used, -bytes);
            return false;
        }

        if (!countsInMemory || memory.TryTake(bytes)) return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    public void Give(long bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        if (countsInMemory) memory.Give(bytes);
    }
}

/// <summary>A share of the in-flight budget, given back on dispose. Not thread-safe.</summary>
public sealed class InFlightLease : IDisposable
{
    private readonly InFlightBudget _budget;
    private long _bytes;

    internal InFlightLease(InFlightBudget budget, long bytes) => (_budget, _bytes) = (budget, bytes);

    /// <summary>Takes more; false when the budget is used up, and what was held stays held.</summary>
    public bool TryGrow(long bytes)
    {
        if (!_budget.TryTake(bytes)) return false;
        _bytes += bytes;
        return true;
    }

    public void Dispose()
    {
        _budget.Give(_bytes);
        _bytes = 0;
    }
}
