namespace TierOperator.Tiering.Disk;

/// <summary>
/// What the records are that were written lately: who writes a session again need not read the last record's header back from
/// its file. Forgets the older of two that fall on the same place.
/// </summary>
/// <remarks>Under its shard's lock.</remarks>
internal sealed class RecentRecords
{
    private const int Places = 1024;
    private readonly Known[] _known = new Known[Places];

    /// <param name="location">Where the record stands.</param>
    /// <param name="epoch">Of the segment: a slot, and with it a location, is used again by another.</param>
    /// <param name="session">Whose record it is.</param>
    /// <param name="item">Which item's.</param>
    public void Add(Location location, long epoch, Hash128 session, ulong item) => _known[PlaceOf(location)] = new Known(location, epoch, session, item);

    public bool TryFind(Location location, long epoch, out Hash128 session, out ulong item)
    {
        ref var known = ref _known[PlaceOf(location)];
        (session, item) = (known.Session, known.Item);
        return known.Location == location && known.Epoch == epoch;
    }

    private static int PlaceOf(Location location) => (int)((location.Packed * 0x9E3779B97F4A7C15UL) >> 54);

    private readonly record struct Known(Location Location, long Epoch, Hash128 Session, ulong Item);
}
