using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// Has a topology look again: at the first doubt, at short intervals while the doubt stays, and every so often otherwise.
/// </summary>
/// <remarks>
/// Thread-safe. A look that fails in a way that nobody expected leaves the doubt standing, and the watch goes on: the first failure is logged, and
/// that it works again.
/// </remarks>
internal sealed class TopologyWatch(Func<CancellationToken, Task> look, TimeSpan every, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_whenDoubted = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Doorbell _bell = new();
    private volatile bool _isDoubted = true;
    private bool _isFailing;
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>What is known may be out of date: look again soon.</summary>
    public void Doubt()
    {
        if (_isDoubted) return;
        _isDoubted = true;
        _bell.Ring();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _bell.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _isDoubted = false;
            try
            {
                await look(_stop.Token);
                if (_isFailing) RedisLog.TopologyLookWorks(logger);
                _isFailing = false;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Ten times a second: what is always the same is said once.
                if (!_isFailing) RedisLog.TopologyLookFailed(logger, error);
                (_isFailing, _isDoubted) = (true, true);
            }

            await (_isDoubted ? Task.Delay(s_whenDoubted, time, _stop.Token) : _bell.WaitAsync(every, _stop.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
