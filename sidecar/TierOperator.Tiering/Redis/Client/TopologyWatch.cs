namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// Has a topology look again: at the first doubt, at short intervals while the doubt stays, and every so often otherwise.
/// </summary>
/// <remarks>Thread-safe. A look that fails in a way that nobody expected leaves the doubt standing: the watch goes on.</remarks>
internal sealed class TopologyWatch(Func<CancellationToken, Task> look, TimeSpan every, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan s_whenDoubted = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Doorbell _bell = new();
    private volatile bool _isDoubted = true;
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
            }
            catch (Exception)
            {
                // The loop looks at the token itself; whatever else it was, the next look may fare better.
                _isDoubted = true;
            }

            await (_isDoubted ? Task.Delay(s_whenDoubted, time, _stop.Token) : _bell.WaitAsync(every, _stop.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
