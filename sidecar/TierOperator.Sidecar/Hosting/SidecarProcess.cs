namespace TierOperator.Sidecar.Hosting;

/// <summary>The life of one <c>tier run</c>: start, the ready line, serve, stop.</summary>
internal static partial class SidecarProcess
{
    public static async Task<int> RunAsync(
        RunOptions options, LoadedPolicy policy, byte[] content, TimeProvider time, CancellationToken stop)
    {
        using var loggers = Logging.Create(options.LogLevel, options.JsonLogs);
        var log = loggers.CreateLogger("TierOperator.Sidecar");
        foreach (var warning in policy.Warnings) LogWarning(log, warning);
        await using var host = await SidecarHost.StartAsync(options, policy, content, time, loggers);
        await Console.Out.WriteLineAsync(ReadyLine(host, policy));
        await Console.Out.FlushAsync(CancellationToken.None);

        await WaitAsync(stop);
        LogStopping(log, options.Grace.TotalSeconds);
        var report = await host.StopAsync(options.Grace, time);
        if (report is { PendingSessions: 0 })
        {
            LogStopped(log);
            if (report.OwedSessions > 0) LogOwed(log, report.OwedSessions);
            return ExitCode.Ok;
        }

        LogUnflushed(log, report?.PendingSessions ?? -1);
        return ExitCode.Unflushed;
    }

    private static string ReadyLine(SidecarHost host, LoadedPolicy policy)
        => $"ready api={Plain(host.Api)} resp={host.Resp} admin={Plain(host.Admin)} policy={policy.Compiled.Name} revision={policy.Compiled.Revision}";

    private static string Plain(Uri url) => url.ToString().TrimEnd('/');

    private static async Task WaitAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The policy: {Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Stopping, within {Seconds} s")]
    private static partial void LogStopping(ILogger logger, double seconds);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Stopped: everything acknowledged is durable, 0 sessions pending")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "The shared tiers have yet to hear of {Owed} sessions: they stand in the journal, and a start on this data folder tells them")]
    private static partial void LogOwed(ILogger logger, long owed);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "Stopped with {Pending} sessions pending (-1: not known, the grace ran out)")]
    private static partial void LogUnflushed(ILogger logger, long pending);
}
