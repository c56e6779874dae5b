using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>The one loop that looks at files: the policy and the token, once a second. Both are a few kilobytes.</summary>
internal sealed partial class FileWatch(FilePolicySource policy, BearerToken? token, string? tokenFile, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = RunAsync();

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) await LookAsync();
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task LookAsync()
    {
        try
        {
            await policy.LookAsync();
            if (token is not null) token.Reload(tokenFile!);
        }
        catch (Exception e)
        {
            // A loop root: whatever a look runs into, the next one tries again with the last good state.
            LogFailed(log, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    [LoggerMessage(EventId = 204, Level = LogLevel.Warning, Message = "Looking at the policy and token files failed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
