using Polly;
using Polly.CircuitBreaker;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// A remote tier behind its circuit breaker. While the breaker is open a call costs nothing and answers Unavailable; it is closed
/// again by <see cref="ProbeAsync"/> in the background, never by a caller's request.
/// </summary>
/// <remarks>Thread-safe. Source of the breaker: Polly.</remarks>
internal sealed class TierLink : IAsyncDisposable
{
    /// <summary>The session that probes ask for. No API can write it, for it is not UTF-8 and no Redis client's key begins so.</summary>
    private static readonly byte[] s_probe = [0xFF, (byte)'p'];

    private readonly CircuitBreakerManualControl _control = new();
    private readonly CircuitBreakerStateProvider _breaker = new();
    private readonly ResiliencePipeline<Verdict> _pipeline;
    private readonly TimeProvider _time;
    private long _calls;
    private long _failures;
    private long _skipped;

    public TierLink(IRemoteTier tier, RemoteTimes times, TimeProvider time)
    {
        (Tier, Times, _time) = (tier, times, time);
        _pipeline = new ResiliencePipelineBuilder<Verdict> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Verdict>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result == Verdict.Away),
                FailureRatio = 0.5,
                MinimumThroughput = 4,
                SamplingDuration = TimeSpan.FromSeconds(5),
                BreakDuration = TimeSpan.FromDays(1),
                ManualControl = _control,
                StateProvider = _breaker,
            }).Build();
    }

    private enum Verdict { Answered, Away }

    public IRemoteTier Tier { get; }
    public TierSet Flag => Tier.Tier;

    public RemoteTimes Times { get; }

    /// <summary>How long a caller waits for this tier at most.</summary>
    public TimeSpan Timeout => Times.Call;
    public bool IsOpen => _breaker.CircuitState is not (CircuitState.Closed or CircuitState.HalfOpen);
    public bool CanRead => Tier.State.CanRead && !IsOpen;
    public bool CanWrite => Tier.State.CanWrite && !IsOpen;

    public long Calls => Interlocked.Read(ref _calls);
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Calls that were not made, because the tier was known to be away.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    public async ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
    {
        if (!CanRead) return Skip(new RemoteItem(RemoteReadStatus.Unavailable));
        var call = new Call<RemoteItem>(token => Tier.ReadItemAsync(session, item, token), static answer => answer.Status == RemoteReadStatus.Unavailable);
        return await RunAsync(call, cancellationToken) ? call.Answer : new RemoteItem(RemoteReadStatus.Unavailable);
    }

    public async ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        if (!CanRead) return Skip(new RemoteSession(RemoteReadStatus.Unavailable));
        var call = new Call<RemoteSession>(token => Tier.ReadSessionAsync(session, token), static answer => answer.Status == RemoteReadStatus.Unavailable);
        return await RunAsync(call, cancellationToken) ? call.Answer! : new RemoteSession(RemoteReadStatus.Unavailable);
    }

    /// <summary>Null: the tier was known to be away, and was not asked.</summary>
    public ValueTask<IReadOnlyList<RemoteResult>?> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
        => ApplyEachAsync(changes, static (_, _) => { }, cancellationToken);

    /// <summary>The same; <paramref name="told"/> as in <see cref="IRemoteTier"/>.</summary>
    public async ValueTask<IReadOnlyList<RemoteResult>?> ApplyEachAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
    {
        if (!CanWrite) return Skip<IReadOnlyList<RemoteResult>?>(null);
        var call = new Call<IReadOnlyList<RemoteResult>>(
            token => Tier.ApplyEachAsync(changes, told, token), static answer => answer.All(result => result is { Status: RemoteStatus.Unavailable, IsAnswered: false, IsPartAway: false }));
        return await RunAsync(call, cancellationToken) ? call.Answer : null;
    }

    /// <summary>
    /// The same for what was sent in vain before: past the breaker. It fails for reasons of its own, again and again, and where little else is
    /// sent that would count as the tier's being away.
    /// </summary>
    public async ValueTask<IReadOnlyList<RemoteResult>?> ApplyAgainAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
    {
        if (!CanWrite) return Skip<IReadOnlyList<RemoteResult>?>(null);
        Interlocked.Increment(ref _calls);
        var results = await Tier.ApplyEachAsync(changes, told, cancellationToken);
        if (results.All(static result => result.Status == RemoteStatus.Unavailable)) Interlocked.Increment(ref _failures);
        return results;
    }

    /// <summary>Unavailable also where the tier knows no leases.</summary>
    public async ValueTask<LeaseAnswer> TakeLeaseAsync(LeaseClaim claim, CancellationToken cancellationToken)
    {
        if (!CanWrite || Tier is not ILeasingTier leasing) return LeaseAnswer.Unavailable;
        var call = new Call<LeaseAnswer>(token => leasing.TakeLeaseAsync(claim, token), static answer => answer == LeaseAnswer.Unavailable);
        return await RunAsync(call, cancellationToken) ? call.Answer : LeaseAnswer.Unavailable;
    }

    /// <summary>With the tier away the lease ends by its own time.</summary>
    public ValueTask EndLeaseAsync(LeaseClaim claim, TimeSpan inVainFor, CancellationToken cancellationToken)
        => CanWrite && Tier is ILeasingTier leasing ? leasing.EndLeaseAsync(claim, inVainFor, cancellationToken) : ValueTask.CompletedTask;

    /// <summary>Asks the tier for something small, past the breaker, and closes it when there is an answer. True: it is usable now.</summary>
    public async ValueTask<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!Tier.State.CanRead) return false;
        var answer = await Tier.ReadItemAsync(s_probe, s_probe, cancellationToken);
        if (answer.Status == RemoteReadStatus.Unavailable) return false;
        if (IsOpen) await _control.CloseAsync(cancellationToken);
        return Tier.State.CanWrite;
    }

    public ValueTask DisposeAsync() => Tier.DisposeAsync();

    private T Skip<T>(T answer)
    {
        Interlocked.Increment(ref _skipped);
        return answer;
    }

    /// <summary>False: the breaker did not let it through.</summary>
    private async ValueTask<bool> RunAsync<T>(Call<T> call, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            var outcome = await _pipeline.ExecuteOutcomeAsync(
                static async (context, call) => Outcome.FromResult(await call.RunAsync(context.CancellationToken) ? Verdict.Answered : Verdict.Away),
                context, call);
            if (outcome.Exception is OperationCanceledException) throw outcome.Exception;
            if (outcome.Exception is not null || outcome.Result == Verdict.Away) Interlocked.Increment(ref _failures);
            return outcome.Exception is null;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>One call with its answer: the breaker sees only whether there was one.</summary>
    private sealed class Call<T>(Func<CancellationToken, ValueTask<T>> call, Func<T, bool> isAway)
    {
        public T? Answer { get; private set; }

        public async ValueTask<bool> RunAsync(CancellationToken cancellationToken)
        {
            var answer = await call(cancellationToken);
            Answer = answer;
            return !isAway(answer);
        }
    }
}
