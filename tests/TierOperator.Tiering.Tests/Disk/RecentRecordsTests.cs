using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class RecentRecordsTests
{
    [Fact]
    public void TryFind_SlotUsedAgainByAnotherSegment_KnowsNothing()
    {
        var records = new RecentRecords();
        var location = new Location(3, 4096);
        var session = new Hash128(1, 2);

        records.Add(location, epoch: 7, session, item: 9);

        Assert.True(records.TryFind(location, 7, out var found, out var item));
        Assert.Equal((session, 9UL), (found, item));
        Assert.False(records.TryFind(location, 8, out _, out _));
        Assert.False(records.TryFind(new Location(3, 4104), 7, out _, out _));
    }

    [Fact]
    public void Add_MoreThanItHolds_NeverTellsOneForAnother()
    {
        var records = new RecentRecords();
        for (var i = 1; i <= 100_000; i++) records.Add(new Location(1, i * 8L), 1, new Hash128((ulong)i, 0), (ulong)i);

        var known = 0;
        for (var i = 1; i <= 100_000; i++)
        {
            if (!records.TryFind(new Location(1, i * 8L), 1, out var session, out var item)) continue;
            known++;
            Assert.Equal((new Hash128((ulong)i, 0), (ulong)i), (session, item));
        }

        Assert.InRange(known, 500, 1024);
    }
}
