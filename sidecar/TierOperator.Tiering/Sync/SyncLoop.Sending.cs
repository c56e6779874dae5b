using System.Diagnostics;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>One batch from the outbox to the tier: built, applied, settled.</summary>
internal sealed partial class SyncLoop
{
    /// <summary>A full batch, which the loop rests after.</summary>
    private async Task SendFullAsync(List<OwedSession> batch, CancellationToken cancellationToken)
    {
        var begun = _hold.Begin();
        await SendAsync(batch, cancellationToken);
        _hold.Sent(begun);
        Wake(); // for as long as the rest is: the loop may have looked before it began
    }

    private async Task SendAsync(List<OwedSession> batch, CancellationToken cancellationToken)
    {
        var changes = new List<(OwedSession Owed, RemoteChange Change)>(batch.Count);
        var open = new HashSet<OwedSession>(batch);
        try
        {
            foreach (var owed in batch)
            {
                if (TryBuild(owed, out var change)) changes.Add((owed, change));
                else open.Remove(owed);
            }

            var byWay = changes.ToLookup(change => _source.IsReconciled(change.Owed, Link));
            if (byWay[false].Any()) await ApplyAsync([.. byWay[false]], open, cancellationToken);
            await Task.WhenAll(byWay[true].Select(change => ReconcileAsync(change.Owed, change.Change, open, cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Closing: what is outstanding stands in the journal.
        }
        catch (Exception error)
        {
            LogFailed(_logger, Link.Flag, error);
        }
        finally
        {
            foreach (var owed in open) Outbox.PutBack(owed, new RemoteResult(RemoteStatus.Unavailable), NowMs);
            foreach (var (_, change) in changes)
                foreach (var put in change.Puts) put.Value.Release();
            Interlocked.Decrement(ref _underWay);
            Moved();
            Wake();
        }
    }

    private async Task ApplyAsync(List<(OwedSession Owed, RemoteChange Change)> changes, HashSet<OwedSession> open, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var results = await Link.ApplyAsync([.. changes.Select(change => change.Change)], cancellationToken);
        var failed = results is null;
        for (var i = 0; i < changes.Count && results is not null; i++)
        {
            var (owed, change) = changes[i];
            failed |= results[i].Status == RemoteStatus.Unavailable;
            if (Settle(owed, change, results[i])) open.Remove(owed);
        }

        if (failed) _pace.Slower();
        else if (changes.Count >= _pace.Batch(_options) && Stopwatch.GetElapsedTime(started) < Link.Timeout) _pace.Faster(_options);
    }

    private async Task ReconcileAsync(OwedSession owed, RemoteChange change, HashSet<OwedSession> open, CancellationToken cancellationToken)
    {
        var result = await _source.ReconcileAsync(owed, Link, change, cancellationToken);
        if (result.Status == RemoteStatus.Unavailable) _pace.Slower();
        if (!Settle(owed, change, result)) return;
        lock (open) open.Remove(owed);
    }

    /// <summary>False: it stays owed.</summary>
    private bool Settle(OwedSession owed, RemoteChange change, RemoteResult result)
    {
        if (result.Status == RemoteStatus.Unavailable && (owed.Attempts < MaxAttempts || !Link.CanWrite)) return false;
        if (result.Status is RemoteStatus.Unavailable or RemoteStatus.Refused)
            _source.OnRefused(owed, Link, change, result.Detail ?? "The tier did not take it in many attempts, while it took others.");
        else
            _source.OnSettled(owed, Link, result);
        Finish(owed, result);
        return true;
    }

    private bool TryBuild(OwedSession owed, out RemoteChange change)
    {
        change = null!;
        if (IsTooLate(owed))
        {
            _source.OnRefused(owed, Link, null, "It was outstanding for longer than deletes are remembered (sync.tombstones), so it might bring back what others have deleted: look, then retry or drop it.");
            Finish(owed, new RemoteResult(RemoteStatus.Refused));
            return false;
        }

        if (_source.Build(owed, Link) is { } built)
        {
            change = built;
            return true;
        }

        Finish(owed, new RemoteResult(RemoteStatus.Applied));
        return false;
    }

    /// <summary>Deletes are harmless however late; what is sent anew because a tier lost it was settled once.</summary>
    private bool IsTooLate(OwedSession owed)
        => owed is { IsDelete: false, IsWhole: false } && NowMs - owed.NotedMs > (long)_options.Tombstones.TotalMilliseconds && owed.Items.Values.Any(static item => !item.IsRemoved);

    private void Finish(OwedSession owed, RemoteResult result)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Exchange(ref _lastSettledMs, NowMs);
        Outbox.Done(owed, result);
    }
}
