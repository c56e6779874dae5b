using System.Runtime.InteropServices;

namespace TierOperator.Sidecar.Metrics;

/// <summary>
/// Counts hits on the short way. Each processor has a cache line of its own, so that counting does not make two cores wait
/// for each other.
/// </summary>
internal sealed class HotReads
{
    private readonly Stripe[] _stripes = new Stripe[Environment.ProcessorCount];

    public long Total => OfClass(0) + OfClass(1);

    public void Increment200() => Interlocked.Increment(ref Mine().Found);

    public void Increment304() => Interlocked.Increment(ref Mine().Unchanged);

    /// <summary>The count of a class of status: 0 for 2xx, 1 for 3xx.</summary>
    public long OfClass(int statusClass)
    {
        var sum = 0L;
        foreach (ref var stripe in _stripes.AsSpan())
            sum += statusClass switch { 0 => Interlocked.Read(ref stripe.Found), 1 => Interlocked.Read(ref stripe.Unchanged), _ => 0 };
        return sum;
    }

    private ref Stripe Mine() => ref _stripes[(uint)Environment.CurrentManagedThreadId % (uint)_stripes.Length];

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Stripe
    {
        [FieldOffset(0)] public long Found;
        [FieldOffset(8)] public long Unchanged;
    }
}
