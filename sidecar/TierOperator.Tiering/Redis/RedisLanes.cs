namespace TierOperator.Tiering.Redis;

/// <summary>
/// Tells from the numbers of announcements whether one was missed. Each writer's connection numbers its own from one; a server hands them
/// on in order.
/// </summary>
/// <remarks>One listener, not thread-safe. Bounded: the lanes heard longest ago are forgotten, which can only hide a lane's last gap.</remarks>
internal sealed class RedisLanes
{
    private const int MaxLanes = 4096;

    // A lane's age and our listening are measured on two machines, and the announcement travelled meanwhile.
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<ulong, (uint Number, long Order)> _lanes = [];
    private long _order;

    /// <summary>Takes note of a number; true when some before it never came.</summary>
    /// <param name="age">How long the lane had existed when it was sent.</param>
    /// <param name="listening">How long the listener has been there.</param>
    public bool IsGap(ulong lane, uint number, TimeSpan age, TimeSpan listening)
    {
        var isKnown = _lanes.TryGetValue(lane, out var last);
        if (isKnown && number <= last.Number) return false;
        if (!isKnown && _lanes.Count >= MaxLanes) ForgetOldest();
        _lanes[lane] = (number, ++_order);
        if (isKnown) return number != last.Number + 1;
        return number != 1 && age + s_tolerance < listening;
    }

    /// <summary>The listener begins anew.</summary>
    public void Clear() => _lanes.Clear();

    private void ForgetOldest()
    {
        foreach (var lane in _lanes.OrderBy(lane => lane.Value.Order).Take(MaxLanes / 4).Select(lane => lane.Key).ToList()) _lanes.Remove(lane);
    }
}
