using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Redis;

public sealed class TopologyWatchTests
{
    private readonly KeptLog _log = new();

    [Fact]
    public async Task Look_FailsAgainAndAgain_IsLoggedOnce_AndOnceThatItWorks()
    {
        var (looks, failing) = (0, 5);
        await using var watch = new TopologyWatch(
            _ => Interlocked.Increment(ref looks) <= failing ? throw new InvalidOperationException("unforeseen") : Task.CompletedTask, TimeSpan.FromHours(1), TimeProvider.System, _log);

        watch.Start();
        await Eventually.HoldsAsync(() => _log.Lines.Any(static line => line.Level == LogLevel.Information), () => $"{looks} looks, {_log.Lines.Count} lines");

        Assert.Equal([LogLevel.Error, LogLevel.Information], _log.Lines.Select(static line => line.Level));
        Assert.Equal("unforeseen", _log.Lines.First().Error!.Message);
    }

    [Fact]
    public async Task Look_EndedByClosing_IsNoFailure()
    {
        var looking = new TaskCompletionSource();
        var watch = new TopologyWatch(
            async stop =>
            {
                looking.TrySetResult();
                await Task.Delay(Timeout.Infinite, stop);
            },
            TimeSpan.FromHours(1), TimeProvider.System, _log);
        watch.Start();
        await looking.Task;

        await watch.DisposeAsync();

        Assert.Empty(_log.Lines);
    }

    private sealed class KeptLog : ILogger
    {
        public ConcurrentQueue<(LogLevel Level, Exception? Error)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue((logLevel, exception));
    }
}
