using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    /// <summary>Segments that the start had to read record by record.</summary>
    public int ScannedSegments { get; private set; }

    private void Recover()
    {
        using var recovery = new Recovery(_segments, _index, _logger);
        recovery.Run();
        _index.Identity = _reader;
        ScannedSegments = recovery.Scanned;
        var inUse = _segments.InOrder().Select(segment => segment.Header.KeyId).ToHashSet(StringComparer.Ordinal);
        _manifest.Prune(_door, _options.Folder, _options.Keys, inUse);
        _badRecords = recovery.BadRecords;
        if (recovery.BadRecords > 0) LogBadRecords(_logger, recovery.BadRecords);
    }

    [LoggerMessage(1203, LogLevel.Warning, "{Count} damaged records were skipped while reading the data folder")]
    private static partial void LogBadRecords(ILogger logger, long count);
}
