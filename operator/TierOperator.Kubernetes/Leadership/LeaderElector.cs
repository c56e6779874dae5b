using Microsoft.Extensions.Logging;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Metrics;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Leadership;

/// <summary>
/// One leader at a time, by a Lease:
/// 1. a candidate takes the Lease when nobody holds it, or when it has not seen it change for the lease's duration by its
///    own monotonic clock: wall clocks of two machines differ, and jump;
/// 2. the leader renews; a failure is tried again until the renew deadline, counted from the last renewal that went well;
/// 3. past the deadline it no longer leads, whatever the server would say: the work is cancelled, and the caller exits;
/// 4. asked to stop, it ends its work first, then gives the Lease back.
/// </summary>
public sealed partial class LeaderElector(KubeClient client, LeaderElectionOptions options, ILogger logger)
{
    private readonly TimeProvider _time = client.Time;
    private readonly ObjectKey _key = new(options.Namespace, options.Name);
    private LeaseRecord? _observed;
    private long _observedAt;
    private long _renewedAt;
    private volatile bool _holds;

    /// <summary>True while we lead. Turns false by itself when renewals stop, before anybody else may take over.</summary>
    public bool IsLeader => _holds && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < options.RenewDeadline;

    /// <summary>Who holds the Lease, as last seen; empty for nobody.</summary>
    public string Holder => _observed?.Holder ?? "";

    /// <summary>
    /// Waits for leadership, then runs the work with a token that ends with it. Returns true when we were asked to stop,
    /// false when leadership was lost: then this process should end, because its caches and timers belong to a leader.
    /// </summary>
    public async Task<bool> RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (!await AcquireAsync(cancellationToken)) return true;
        LogAcquired(logger, options.Identity);
        KubernetesMeter.Leads(true);
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = Task.Run(() => work(leading.Token), CancellationToken.None);
        try
        {
            await RenewAsync(working, leading.Token);
        }
        finally
        {
            _holds = cancellationToken.IsCancellationRequested && IsLeader;
            KubernetesMeter.Leads(false);
            await leading.CancelAsync();
        }

        await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var wasAsked = cancellationToken.IsCancellationRequested;
        if (_holds) await ReleaseAsync();
        if (!wasAsked) LogLost(logger, options.Identity);
        if (working.IsFaulted) await working;
        return wasAsked;
    }

    private async Task<bool> AcquireAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryHoldAsync(cancellationToken)) return true;
            await DelayAsync(cancellationToken);
        }

        return false;
    }

    private async Task RenewAsync(Task working, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(working, DelayAsync(cancellationToken));
            if (working.IsCompleted || cancellationToken.IsCancellationRequested) return;
            using var deadline = new CancellationTokenSource(Remaining(), _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            await TryHoldAsync(either.Token);
            if (!_holds || !IsLeader) return;
        }
    }

    private TimeSpan Remaining()
    {
        var remaining = options.RenewDeadline - _time.GetElapsedTime(_renewedAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    /// <summary>One try to take or renew. False leaves things as they are, unless another holds the Lease: then we do not.</summary>
    private async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Taken before the request: the server counts from when it wrote, which is later.
            var startedAt = _time.GetTimestamp();
            var lease = await client.GetAsync(ResourceTypes.Leases, _key, cancellationToken);
            if (lease is not null && !MayHold(LeaseRecord.Read(lease))) return _holds = false;
            var held = LeaseRecord.Hold(lease ?? LeaseRecord.New(options), options, _time.GetUtcNow());
            if (lease is null) await client.CreateAsync(ResourceTypes.Leases, held, cancellationToken);
            else await client.ReplaceAsync(ResourceTypes.Leases, _key, held, cancellationToken);
            Observe(LeaseRecord.Read(held));
            Volatile.Write(ref _renewedAt, startedAt);
            return _holds = true;
        }
        catch (KubeApiException error)
        {
            LogRetry(logger, options.Identity, error.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private bool MayHold(LeaseRecord record)
    {
        if (record != _observed) Observe(record);
        if (record.Holder.Length == 0 || record.Holder == options.Identity) return true;
        var duration = TimeSpan.FromSeconds(Math.Max(record.DurationSeconds, options.LeaseDuration.TotalSeconds));
        return _time.GetElapsedTime(_observedAt) > duration;
    }

    private void Observe(LeaseRecord record) => (_observed, _observedAt) = (record, _time.GetTimestamp());

    /// <summary>After the stop was asked for, so not cancellable by it; bounded by the client's own deadline.</summary>
    private async Task ReleaseAsync()
    {
        try
        {
            var lease = await client.GetAsync(ResourceTypes.Leases, _key, CancellationToken.None);
            if (lease is null || LeaseRecord.Read(lease).Holder != options.Identity) return;
            await client.ReplaceAsync(ResourceTypes.Leases, _key, LeaseRecord.Release(lease, _time.GetUtcNow()), CancellationToken.None);
            LogReleased(logger, options.Identity);
        }
        catch (KubeApiException error)
        {
            LogRetry(logger, options.Identity, error.Message);
        }
        finally
        {
            _holds = false;
        }
    }

    private async Task DelayAsync(CancellationToken cancellationToken) =>
        await Task.Delay(options.RetryPeriod, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(EventId = 3020, Level = LogLevel.Information, Message = "{Identity} leads")]
    private static partial void LogAcquired(ILogger logger, string identity);

    [LoggerMessage(EventId = 3021, Level = LogLevel.Error, Message = "{Identity} no longer leads: the Lease could not be renewed in time, or another took it")]
    private static partial void LogLost(ILogger logger, string identity);

    [LoggerMessage(EventId = 3022, Level = LogLevel.Information, Message = "{Identity} gave leadership back")]
    private static partial void LogReleased(ILogger logger, string identity);

    [LoggerMessage(EventId = 3023, Level = LogLevel.Warning, Message = "{Identity} could not write the Lease: {Reason}")]
    private static partial void LogRetry(ILogger logger, string identity, string reason);
}
