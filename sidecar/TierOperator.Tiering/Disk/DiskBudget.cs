namespace TierOperator.Tiering.Disk;

/// <summary>
/// The hard number: every file in the data folder is reserved here before it is written. Whoever writes there beside
/// the store (checkpoints, dead letters) reserves too.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DiskBudget(long capacityBytes)
{
    private long _used;

    public long CapacityBytes { get; } = capacityBytes;
    public long UsedBytes => Interlocked.Read(ref _used);
    public long FreeBytes => CapacityBytes - UsedBytes;

    /// <summary>False when it would pass the capacity; nothing is reserved then.</summary>
    public bool TryReserve(long bytes)
    {
        while (true)
        {
            var used = Interlocked.Read(ref _used);
            if (used + bytes > CapacityBytes) return false;
            if (Interlocked.CompareExchange(ref _used, used + bytes, used) == used) return true;
        }
    }

    /// <summary>Counts what is there already, even above the capacity.</summary>
    public void Charge(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}

/// <summary>No room within the store's own capacity; told apart from a full file system only in the message.</summary>
internal sealed class NoRoomException(string message) : IOException(message, DiskErrors.NoSpace);
