using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>Who of all sidecars asks the origin.</summary>
internal enum LeaseTurn
{
    /// <summary>This one, for all; it ends the lease.</summary>
    Mine,

    /// <summary>This one, for itself: there is nobody to agree with, or nothing to wait for.</summary>
    Alone,

    /// <summary>Another has done so, and its answer is where this one can read it.</summary>
    Elsewhere,
}

/// <summary>
/// One fetch of a response among all sidecars of a policy. 1. Who gets the lease looks again whether the response is there, and else
/// fetches; it makes the lease last while it does. 2. The others look from time to time whether the response is there, or the lease free.
/// 3. An owner whose answer is not for others says so, and nobody waits. 4. An owner that is gone is followed by another when the lease
/// has ended by itself. 5. With the tier away everybody fetches.
/// </summary>
/// <remarks>One user, but for the loop that makes it last.</remarks>
internal sealed class FillLease(TierEngine engine, byte[] key, TimeProvider time)
{
    private static readonly TimeSpan s_lasts = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_inVain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(80);
    private readonly LeaseClaim _claim = new(key, Guid.NewGuid().ToByteArray(), s_lasts);
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isHeld;

    /// <param name="isThere">Whether the response is where this sidecar can read it.</param>
    /// <param name="patience">How long another may take; then this one fetches for itself.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<LeaseTurn> TakeTurnAsync(Func<ValueTask<bool>> isThere, TimeSpan patience, CancellationToken cancellationToken)
    {
        var (started, pause) = (time.GetTimestamp(), s_firstPause);
        while (true)
        {
            var answer = await engine.TakeLeaseAsync(_claim, cancellationToken);
            if (answer == LeaseAnswer.Held)
            {
                _isHeld = 1;
                _ = KeepAsync();
                if (!await isThere()) return LeaseTurn.Mine;
                await EndAsync(inVain: false);
                return LeaseTurn.Elsewhere;
            }

            if (answer != LeaseAnswer.HeldByOther || time.GetElapsedTime(started) > patience) return LeaseTurn.Alone;
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            if (await isThere()) return LeaseTurn.Elsewhere;
        }
    }

    /// <summary>Gives the lease up, once; without one, nothing. In vain: what was fetched is not for others.</summary>
    public async Task EndAsync(bool inVain)
    {
        if (Interlocked.Exchange(ref _isHeld, 0) == 0) return;
        _ending.TrySetResult();
        await engine.EndLeaseAsync(_claim, inVain ? s_inVain : TimeSpan.Zero, CancellationToken.None);
    }

    // A claim that comes after the end would take the lease anew: so the end is waited for beside the pause, and looked at before the claim.
    private async Task KeepAsync()
    {
        while (true)
        {
            await Task.WhenAny(_ending.Task, Task.Delay(s_lasts / 3, time, CancellationToken.None));
            if (Volatile.Read(ref _isHeld) == 0) return;
            await engine.TakeLeaseAsync(_claim, CancellationToken.None);
        }
    }
}
