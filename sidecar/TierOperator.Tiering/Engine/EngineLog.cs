using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Engine;

/// <summary>What the engine logs: changes of state only, no keys and no values.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1001, LogLevel.Information, "Policy {Name} revision {Revision} is in force")]
    public static partial void PolicyApplied(ILogger logger, string name, string revision);

    [LoggerMessage(1002, LogLevel.Warning, "The disk tier is {State} now")]
    public static partial void DiskState(ILogger logger, DiskState state);

    [LoggerMessage(1003, LogLevel.Error, "The background work {Name} failed and goes on")]
    public static partial void BackgroundFailed(ILogger logger, string name, Exception error);

    [LoggerMessage(1004, LogLevel.Information, "Preloaded {Sessions} sessions")]
    public static partial void Preloaded(ILogger logger, int sessions);

    [LoggerMessage(1006, LogLevel.Warning, "The tier {Tier} has lost what it had acknowledged; it hears of everything again")]
    public static partial void TierForgot(ILogger logger, string tier);

    [LoggerMessage(1007, LogLevel.Error, "The list of dead letters cannot be read. It stands in {File} now, and a new one begins: look there for sessions that a tier had refused")]
    public static partial void DeadLettersDamaged(ILogger logger, string file);

    [LoggerMessage(1005, LogLevel.Information, "Eviction by {From} gives way to {To}")]
    public static partial void EvictionSwitched(ILogger logger, string from, string to);
}
