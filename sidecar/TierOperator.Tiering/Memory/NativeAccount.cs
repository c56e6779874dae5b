namespace TierOperator.Tiering.Memory;

/// <summary>What a family of native tables takes, headers included: one number, so that a budget need not ask each table. Thread-safe.</summary>
internal sealed class NativeAccount
{
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
