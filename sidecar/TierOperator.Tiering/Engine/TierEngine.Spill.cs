namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Rounds that one sweep makes up for at most: a process that stood still must not empty its memory at once.</summary>
    private const int MostRoundsAtOnce = 64;

    private long _lastSpill;

    /// <summary>
    /// Under Overflow the disk lacks what memory holds, so that eviction has to write. What memory holds above
    /// <c>evictToPercent</c> is given to the disk <c>spillover.batch</c> sessions at a time, every <c>spillover.interval</c>:
    /// pressure then finds little left to do.
    /// </summary>
    private async ValueTask SpillSurplusAsync()
    {
        if (_disk is null || _rules.IsMirror || _rules.Policy is not { Memory: { } memory, Spillover: { } spillover }) return;
        var due = (long)(_time.GetElapsedTime(_lastSpill) / spillover.Interval);
        if (due < 1) return;
        _lastSpill = due > MostRoundsAtOnce ? _time.GetTimestamp() : _lastSpill + (long)(due * spillover.Interval.TotalSeconds * _time.TimestampFrequency);
        var goal = Percent(memory.EvictToPercent);
        await _evicting.WaitAsync(_closing.Token);
        try
        {
            _memory.FlushTouches();
            for (var round = 0; round < Math.Min(due, MostRoundsAtOnce) && _memory.Budget.UsedBytes > goal; round++)
                if (!await EvictRoundAsync(() => _memory.Budget.UsedBytes > goal)) return;
        }
        finally
        {
            _evicting.Release();
        }
    }
}
