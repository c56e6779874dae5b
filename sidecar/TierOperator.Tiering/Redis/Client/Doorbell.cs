namespace TierOperator.Tiering.Redis.Client;

/// <summary>Wakes a loop that waits; rung often before it looks, it wakes it once. Thread-safe.</summary>
internal sealed class Doorbell : IDisposable
{
    private readonly SemaphoreSlim _bell = new(0, 1);

    public void Ring()
    {
        try
        {
            if (_bell.CurrentCount == 0) _bell.Release();
        }
        catch (Exception late) when (late is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else rang it, or it is over.
        }
    }

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _bell.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _bell.Dispose();
}
