using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>What the Redis tier logs: changes of state only.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(1201, LogLevel.Warning, "The Redis tier is {Health} now: {Reason}")]
    public static partial void Troubled(ILogger logger, RemoteHealth health, string reason);

    [LoggerMessage(1202, LogLevel.Information, "The Redis tier is healthy")]
    public static partial void Healthy(ILogger logger);

    [LoggerMessage(1203, LogLevel.Warning, "The Redis server is another one, or has lost data: what it held is sent again")]
    public static partial void Forgot(ILogger logger);

    [LoggerMessage(1204, LogLevel.Error, "Looking after the Redis tier failed and goes on")]
    public static partial void LookFailed(ILogger logger, Exception error);

    [LoggerMessage(1206, LogLevel.Error, "Looking for where the Redis servers are failed, and is tried again until it works")]
    public static partial void TopologyLookFailed(ILogger logger, Exception error);

    [LoggerMessage(1207, LogLevel.Information, "Looking for where the Redis servers are works again")]
    public static partial void TopologyLookWorks(ILogger logger);

    [LoggerMessage(1205, LogLevel.Information, "The Redis tier gave up {Sessions} sessions to stay within its capacity")]
    public static partial void Trimmed(ILogger logger, int sessions);
}
