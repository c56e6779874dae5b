using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    private void Recover()
    {
        var recovery = new Recovery(_door, _segments, _index, _options, _logger);
        recovery.Run();
        _index.Identity = _reader;
        _badRecords = recovery.BadRecords;
        if (recovery.BadRecords > 0) LogBadRecords(_logger, recovery.BadRecords);
    }

    [LoggerMessage(1203, LogLevel.Warning, "{Count} damaged records were skipped while reading the data folder")]
    private static partial void LogBadRecords(ILogger logger, long count);
}
