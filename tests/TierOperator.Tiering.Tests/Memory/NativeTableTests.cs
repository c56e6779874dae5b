using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Tests.Memory;

public sealed class NativeTableTests
{
    [Fact]
    public void Reach_FarAhead_MakesEveryEntryBlankAndKeepsWhatWasThere()
    {
        using var table = new NativeTable<int>(new NativeAccount(), -7);
        table.Reach(0);
        table[0] = 42;

        table.Reach(5_000);

        Assert.Equal(42, table[0]);
        Assert.All(Enumerable.Range(1, 5_000), index => Assert.Equal(-7, table[index]));
    }

    [Fact]
    public void Reach_WhileAReferenceIsHeld_DoesNotMoveTheEntry()
    {
        using var table = new NativeTable<long>(new NativeAccount(), 0);
        table.Reach(0);
        ref var first = ref table[0];

        table.Reach(100_000);
        first = 9;

        Assert.Equal(9, table[0]);
    }

    [Fact]
    public void Account_FollowsGrowthAndDisposal()
    {
        var account = new NativeAccount();
        var table = new NativeTable<long>(account, 0);
        Assert.Equal(0, account.Bytes);

        table.Reach(10_000);
        var grown = account.Bytes;
        table.Dispose();

        Assert.InRange(grown, 10_000 * sizeof(long), 11_000 * sizeof(long));
        Assert.Equal(0, account.Bytes);
        Assert.Equal(0, table.Length);
    }

    [Fact]
    public void Reach_AfterDispose_StartsAnew()
    {
        using var table = new NativeTable<int>(new NativeAccount(), 3);
        table.Reach(600);
        table[600] = 8;

        table.Dispose();
        table.Reach(600);

        Assert.Equal(3, table[600]);
    }
}
