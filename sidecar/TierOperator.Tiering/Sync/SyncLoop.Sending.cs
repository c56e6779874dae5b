using System.Diagnostics;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>One batch from the outbox to the tier: built, applied, settled.</summary>
internal sealed partial class SyncLoop
{
    private const int MaxStragglers = 1024;
    private static readonly TimeSpan s_leastQuiet = TimeSpan.FromMilliseconds(10);

    private int _stragglers;

    private async Task SendAsync(Batch batch, CancellationToken cancellationToken)
    {
        var begun = batch.IsFull ? _hold.Begin() : 0;
        var changes = new List<(OwedSession Owed, RemoteChange Change)>(batch.Sessions.Count);
        try
        {
            foreach (var owed in batch.Sessions)
            {
                if (TryBuild(owed, batch, out var change)) changes.Add((owed, change));
            }

            await ApplyAllAsync(changes, batch, cancellationToken);
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
            foreach (var owed in batch.TakeOpen()) Outbox.PutBack(owed, new RemoteResult(RemoteStatus.Unavailable), NowMs);
            foreach (var (_, change) in changes)
                foreach (var put in change.Puts) put.Value.Release();
            if (batch.IsMissed) Again(batch);
            if (batch.IsFull) _hold.Sent(begun); // the loop may have looked before the rest began: it is woken for as long as that is
            batch.Leave();
            Moved();
            Wake();
        }
    }

    private async Task ApplyAllAsync(List<(OwedSession Owed, RemoteChange Change)> changes, Batch batch, CancellationToken cancellationToken)
    {
        var byWay = changes.ToLookup(change => _source.IsReconciled(change.Owed, Link));
        var sending = byWay[true].Select(change => ReconcileAsync(change.Owed, change.Change, batch, cancellationToken)).ToList();
        if (byWay[false].Any()) sending.Add(ApplyAsync([.. byWay[false]], batch, cancellationToken));
        var all = Task.WhenAll(sending);
        if (Link.Tier.TellsEach && !batch.IsMissed && !all.IsCompleted) await LeaveToStragglersAsync(all, batch);
        await all;
    }

    /// <summary>
    /// Gives the lane to the next batch once no answer has come for a while, though others may be owed yet: they may be for a part of the tier
    /// that is away, and cost the rest nothing so. At most <see cref="MaxStragglers"/> changes are left behind like that.
    /// </summary>
    private async Task LeaveToStragglersAsync(Task all, Batch batch)
    {
        var started = Stopwatch.GetTimestamp();
        for (var (open, quiet) = (-1, s_leastQuiet); open != batch.Open; quiet = Longer(Stopwatch.GetElapsedTime(started), s_leastQuiet))
        {
            open = batch.Open;
            if (await Task.WhenAny(all, Task.Delay(quiet, _time)) == all) return;
        }

        var left = batch.Open;
        if (Interlocked.Add(ref _stragglers, left) <= MaxStragglers)
        {
            batch.Leave();
            Wake();
        }

        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Add(ref _stragglers, -left);
    }

    private async Task ApplyAsync(List<(OwedSession Owed, RemoteChange Change)> changes, Batch batch, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        RemoteChange[] sent = [.. changes.Select(change => change.Change)];
        var results = await (batch.IsMissed ? Link.ApplyAgainAsync(sent, Told, cancellationToken) : Link.ApplyEachAsync(sent, Told, cancellationToken));
        for (var i = 0; i < changes.Count && results is not null; i++) Told(i, results[i]);
        if (batch.IsMissed) return;
        var failed = results?.Count(static result => result.Status == RemoteStatus.Unavailable) ?? changes.Count;
        if (failed * 2 > changes.Count) _pace.Slower(); // less than that is a part of the tier, and not its pace
        else if (failed == 0 && changes.Count >= _pace.Batch(_options) && Stopwatch.GetElapsedTime(started) < Link.Timeout) _pace.Faster(_options);

        void Told(int place, RemoteResult result) => Settle(changes[place].Owed, changes[place].Change, result, batch);
    }

    private async Task ReconcileAsync(OwedSession owed, RemoteChange change, Batch batch, CancellationToken cancellationToken)
    {
        var result = await _source.ReconcileAsync(owed, Link, change, cancellationToken);
        if (result.Status == RemoteStatus.Unavailable && !batch.IsMissed) _pace.Slower();
        Settle(owed, change, result, batch);
    }

    /// <summary>Once for each, as soon as its own answer is known.</summary>
    private void Settle(OwedSession owed, RemoteChange change, RemoteResult result, Batch batch)
    {
        if (!batch.TryClose(owed, result.Status != RemoteStatus.Unavailable)) return;
        var isRefusal = result.IsObjection && owed.Objections >= MaxObjections && Link.CanWrite;
        if (result.Status == RemoteStatus.Unavailable && !isRefusal)
        {
            Outbox.PutBack(owed, result, NowMs);
            return;
        }

        if (result.Status is RemoteStatus.Unavailable or RemoteStatus.Refused)
            _source.OnRefused(owed, Link, change, result.Detail ?? "The tier did not take it in many attempts, while it took others.");
        else
            _source.OnSettled(owed, Link, result);
        Finish(owed, result);
    }

    /// <summary>Of what was sent in vain before more goes at once while it is taken, and one alone as soon as it is not: that one may be the reason.</summary>
    private void Again(Batch batch)
    {
        _missedAtOnce = batch.Failed > 0 ? 1 : Math.Min(_missedAtOnce * 2, _options.Batch);
        if (batch.Failed < batch.Sessions.Count) Outbox.EndPauses(NowMs);
    }

    private bool TryBuild(OwedSession owed, Batch batch, out RemoteChange change)
    {
        change = null!;
        if (IsTooLate(owed))
        {
            _source.OnRefused(owed, Link, null, "It was outstanding for longer than deletes are remembered (sync.tombstones), so it might bring back what others have deleted: look, then retry or drop it.");
            batch.TryClose(owed, isSettled: true);
            Finish(owed, new RemoteResult(RemoteStatus.Refused));
            return false;
        }

        if (_source.Build(owed, Link) is { } built)
        {
            change = built;
            return true;
        }

        batch.TryClose(owed, isSettled: true);
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

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
