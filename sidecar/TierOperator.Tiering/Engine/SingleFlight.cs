using System.Collections.Concurrent;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Asks once for all who ask for the same key meanwhile. 1. Who comes first enters the flight, then begins it. 2. Who comes later
/// waits for it. 3. It leaves before its answer is told, so that nobody who comes after that gets the old one.
/// </summary>
/// <remarks>
/// Thread-safe. The entry is made before the work begins: a work that ended before its own entry stood would leave an answer behind
/// that never goes.
/// </remarks>
internal sealed class SingleFlight<T>
{
    private readonly ConcurrentDictionary<byte[], Task<T>> _flights = new(KeyComparer.Instance);

    /// <summary>The flight under way for a key, or a new one. A caller that gives up waiting does not end it for the others.</summary>
    public Task<T> Join(byte[] key, Func<Task<T>> work)
    {
        var landing = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = _flights.GetOrAdd(key, landing.Task);
        if (ReferenceEquals(flight, landing.Task)) _ = FlyAsync(key, work, landing);
        return flight;
    }

    private async Task FlyAsync(byte[] key, Func<Task<T>> work, TaskCompletionSource<T> landing)
    {
        try
        {
            var answer = await work();
            _flights.TryRemove(key, out _);
            landing.SetResult(answer);
        }
        catch (Exception error)
        {
            // Whoever waits meets it; nobody else does.
            _flights.TryRemove(key, out _);
            if (error is OperationCanceledException cancelled) landing.SetCanceled(cancelled.CancellationToken);
            else landing.SetException(error);
            _ = landing.Task.Exception;
        }
    }
}
