namespace TierOperator.Tiering.Sync;

/// <summary>When the loop runs, and who waits for what it has done.</summary>
internal sealed partial class SyncLoop
{
    /// <summary>Sends everything that is owed, however young. False when the time ran out first, or the tier went away.</summary>
    public async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        _isFlushing = true;
        try
        {
            while (true)
            {
                var moved = _moved.Task;
                if (Outbox.Backlog == 0) return true;
                if (!Link.CanWrite || (Outbox.Count == 0 && !_source.CanRefill) || _closing.IsCancellationRequested) return false;
                Wake();
                await moved.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            _isFlushing = false;
        }
    }

    /// <summary>True once the outbox knows all that was acknowledged here; false when that takes longer than a call to the tier may.</summary>
    public ValueTask<bool> KnowsAllAsync() => HoldsInTimeAsync(static outbox => outbox.KnowsAll);

    /// <summary>
    /// True once nothing that was removed here, before this sidecar's start too, can be taken for present. False when that takes longer than a call to the
    /// tier may, and at once where the outbox has no room to read on.
    /// </summary>
    public ValueTask<bool> KnowsRemovalsAsync()
    {
        if (Outbox.KnowsRemovals) return new ValueTask<bool>(true);
        return Outbox.MayReadOn ? HoldsInTimeAsync(static outbox => outbox.KnowsRemovals) : new ValueTask<bool>(false);
    }

    private async ValueTask<bool> HoldsInTimeAsync(Func<Outbox, bool> holds)
    {
        using var limit = new CancellationTokenSource(Link.Timeout);
        while (true)
        {
            var moved = _moved.Task;
            if (holds(Outbox)) return true;
            Wake();
            await moved.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (limit.IsCancellationRequested || _closing.IsCancellationRequested) return holds(Outbox);
        }
    }

    private void Wake()
    {
        if (_wake.CurrentCount > 0) return;
        try
        {
            _wake.Release();
        }
        catch (Exception late) when (late is SemaphoreFullException or ObjectDisposedException)
        {
            // Another wake came first, and one is enough; or it is over.
        }
    }

    /// <summary>Until somebody wakes it, a rest is over, or a tenth of the interval has passed.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = Task.Delay(UntilNextLook(), _time, limit.Token);
        var woken = _wake.WaitAsync(limit.Token);
        await Task.WhenAny(woken, due);
        await limit.CancelAsync();
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private TimeSpan UntilNextLook()
    {
        var (look, rest) = (Clamp(_options.Interval / 10), _hold.Left);
        return rest > TimeSpan.Zero && rest < look ? rest : look;
    }

    private static TimeSpan Clamp(TimeSpan wait) => wait < TimeSpan.FromMilliseconds(20) ? TimeSpan.FromMilliseconds(20) : wait > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait;

    /// <summary>With jitter, so that a fleet does not come back at one moment.</summary>
    private async Task BackOffAsync(CancellationToken cancellationToken)
    {
        var wait = _backoff * (0.5 + Random.Shared.NextDouble());
        _backoff = _backoff * 2 > s_lastBackoff ? s_lastBackoff : _backoff * 2;
        await Task.Delay(wait, _time, cancellationToken);
    }

    /// <summary>Tells those who flush that there is something new to look at.</summary>
    private void Moved() => Interlocked.Exchange(ref _moved, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
