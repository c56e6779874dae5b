namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// What INFO and the metrics tell. Written by the event thread, read by any. CONFIG RESETSTAT sets what INFO shows back; the totals
/// go on.
/// </summary>
internal sealed class RespStatistics
{
    public long TotalCommands, TotalSlow, TotalErrors, TotalRejected;
    public long Connections, OutputCutOffs, InputBytes;
    private long _commands, _errors, _rejected;

    public long StartedMs { get; } = Environment.TickCount64;
    public long Commands => TotalCommands - _commands;
    public long Errors => TotalErrors - _errors;
    public long Rejected => TotalRejected - _rejected;

    public void Reset()
    {
        (_commands, _errors, _rejected) = (TotalCommands, TotalErrors, TotalRejected);
        (Connections, OutputCutOffs, InputBytes) = (0, 0, 0);
    }
}
