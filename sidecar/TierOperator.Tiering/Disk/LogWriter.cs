using Microsoft.Extensions.Logging;

namespace TierOperator.Tiering.Disk;

/// <summary>Writes batches at the log's end, segment after segment; what the committer calls.</summary>
/// <remarks>Used by the committer's thread only.</remarks>
internal sealed partial class LogWriter(
    DiskOptions options, SegmentSet segments, Action<PendingBatch> apply, Action<SegmentFile> seal,
    Func<bool> makeRoom, Action<JournalPosition> durable, ILogger logger) : IDisposable
{
    private readonly SegmentWriter _writer = new(options.Compression);
    private long _durableTail;

    /// <summary>The segment that takes the next record; null before the first one and after a failure.</summary>
    public SegmentFile? Active => _writer.Segment;

    /// <summary>How many batches, from the first on, are written and synced; the error that stopped it, if one did.</summary>
    public int Write(List<PendingBatch> batches, out Exception? failure)
    {
        var synced = 0;
        var applied = 0;
        failure = null;
        _writer.BeginGroup();
        try
        {
            for (var i = 0; i < batches.Count; i++)
            {
                if (_writer.RoomBytes < batches[i].MaxStoredBytes)
                {
                    Sync();
                    synced = i;
                    for (; applied < i; applied++) apply(batches[applied]);
                    Roll(batches[i].MaxStoredBytes);
                }

                foreach (var operation in batches[i].Operations)
                {
                    operation.Written = _writer.Append(operation.Header, operation.Body, operation.Large, out var stored);
                    operation.StoredBytes = stored;
                }
            }

            Sync();
            return batches.Count;
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            failure = error;
            LogWriteFailed(logger, error);
            for (; applied < synced; applied++) apply(batches[applied]);
            GiveUp();
            return synced;
        }
    }

    /// <summary>Opens a fresh segment, to learn whether the disk works again. Throws when it does not.</summary>
    public void Probe()
    {
        if (_writer.Segment is null) Open(segments.SegmentBytes);
        else _writer.Segment.File.Sync();
    }

    /// <summary>Ends the active segment: nothing is appended to it any more.</summary>
    public void SealActive()
    {
        if (_writer.Segment is not { } segment) return;
        _writer.MoveTo(null, 0);
        segment.IsSealed = true;
        seal(segment);
    }

    public void Dispose() => _writer.Dispose();

    private void Sync()
    {
        if (_writer.Segment is not { } segment) return;
        _writer.Flush(prepare: true);
        segment.File.Sync();
        _durableTail = segment.Tail;
        durable(segment.At(segment.Tail));
    }

    private void Roll(long bytes)
    {
        SealActive();
        Open(Math.Max(segments.SegmentBytes, DiskErrors.ToBlocks(bytes + SegmentHeader.Bytes)));
    }

    private void Open(long bytes)
    {
        while (true)
        {
            try
            {
                var segment = segments.CreateActive(bytes);
                _writer.MoveTo(segment, bytes);
                _durableTail = segment.Tail;
                durable(segment.At(segment.Tail));
                return;
            }
            catch (NoRoomException) when (makeRoom())
            {
                // Compaction freed something, or a spare was given up: try again.
            }
        }
    }

    /// <summary>
    /// After a failed write nobody knows what the file holds behind the last sync, and its offsets may not be used
    /// again (see <see cref="SegmentCipher"/>), so the log goes on in another segment.
    /// </summary>
    private void GiveUp()
    {
        if (_writer.Segment is not { } segment) return;
        segment.Tail = _durableTail;
        segment.PreparedBytes = 0;
        try
        {
            // So that what was refused does not come back at the next start. Where this fails too, it may.
            segment.File.SetLength(_durableTail);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            LogTruncateFailed(logger, error);
        }

        SealActive();
    }

    [LoggerMessage(1202, LogLevel.Warning, "A segment could not be cut after a failed write; what was refused may be there after a restart")]
    private static partial void LogTruncateFailed(ILogger logger, Exception error);

    [LoggerMessage(1201, LogLevel.Error, "A write to the data folder failed; the sessions concerned are unsettled")]
    private static partial void LogWriteFailed(ILogger logger, Exception error);
}
