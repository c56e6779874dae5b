using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>What the PostgreSQL tier logs: changes of state, no keys and no values.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(1301, LogLevel.Information, "The postgres tier is {Health} now: {Reason}")]
    public static partial void StateChanged(ILogger logger, RemoteHealth health, string reason);

    [LoggerMessage(1302, LogLevel.Information, "The postgres tier's tables are at version {Version} now")]
    public static partial void Migrated(ILogger logger, int version);

    [LoggerMessage(1303, LogLevel.Warning, "The postgres tier has lost data that it had acknowledged")]
    public static partial void Forgot(ILogger logger);

    [LoggerMessage(1304, LogLevel.Error, "The postgres tier's background work failed and goes on")]
    public static partial void BackgroundFailed(ILogger logger, Exception error);

    [LoggerMessage(1305, LogLevel.Error, "A stored value cannot be read: its codec {Codec} is not at hand, or it is damaged")]
    public static partial void ValueUnreadable(ILogger logger, int codec);

    [LoggerMessage(1306, LogLevel.Information, "Connections that no longer answer were replaced by new ones")]
    public static partial void ConnectionsReplaced(ILogger logger);
}
