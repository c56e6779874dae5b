namespace TierOperator.Tiering.Sync;

/// <summary>What the tier lost and a slower one holds, brought back in the background beside what is owed.</summary>
internal sealed partial class SyncLoop
{
    /// <summary>The slower tier serves requests meanwhile.</summary>
    internal const int RefillsAtOnce = 4;
    private const int RefillsInARow = 256;

    private Task _refilling = Task.CompletedTask;
    private long _refillFromMs;

    private void BeginRefill(CancellationToken cancellationToken)
    {
        if (_refilling.IsCompleted && Outbox.Refills.Count > 0 && NowMs >= _refillFromMs) _refilling = Task.Run(() => RefillAsync(cancellationToken), CancellationToken.None);
    }

    private async Task RefillAsync(CancellationToken cancellationToken)
    {
        var (keys, left) = (Outbox.Refills.Next(RefillsInARow), 0);
        try
        {
            await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = RefillsAtOnce, CancellationToken = cancellationToken }, async (key, token) =>
            {
                if (!await TryRefillAsync(key, token)) Interlocked.Increment(ref left);
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return; // closing: the journal tells of them again
        }

        if (left == 0) Wake();
        else _refillFromMs = NowMs + 1_000; // a tier is away
        Moved();
    }

    private async ValueTask<bool> TryRefillAsync(byte[] key, CancellationToken cancellationToken)
    {
        try
        {
            if (await _source.RefillAsync(key, Link, cancellationToken)) return true;
            Outbox.Refills.Later(key);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(_logger, Link.Flag, error);
            Outbox.Refills.Failed(key);
        }

        return false;
    }
}
