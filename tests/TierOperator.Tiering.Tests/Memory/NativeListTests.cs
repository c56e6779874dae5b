using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Tests.Memory;

public sealed class NativeListTests
{
    [Fact]
    public void Add_PastItsRoom_KeepsOrderAndContent()
    {
        using var list = new NativeList<int>();

        for (var i = 0; i < 100_000; i++) list.Add(i);

        Assert.Equal(Enumerable.Range(0, 100_000), list.Span.ToArray());
    }

    [Fact]
    public void Add_OfOneOfItsOwnEntries_WhileItMoves_AddsThatEntry()
    {
        using var list = new NativeList<long>();
        list.Add(5);

        for (var i = 0; i < 10_000; i++) list.Add(list[0]);

        Assert.All(list.Span.ToArray(), entry => Assert.Equal(5, entry));
    }

    [Fact]
    public void RemoveAll_KeepsTheRestInOrder()
    {
        using var list = new NativeList<int>();
        for (var i = 0; i < 10; i++) list.Add(i);

        list.RemoveAll(entry => entry % 3 == 0);

        Assert.Equal([1, 2, 4, 5, 7, 8], list.Span.ToArray());
    }

    [Fact]
    public void AddMany_ThenDispose_LeavesItEmpty()
    {
        var list = new NativeList<int>();
        list.AddMany(1_000).Fill(4);

        list.Dispose();

        Assert.Equal(0, list.Count);
        Assert.True(list.Span.IsEmpty);
    }
}
