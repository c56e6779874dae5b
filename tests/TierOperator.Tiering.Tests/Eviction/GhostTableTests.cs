using TierOperator.Tiering.Eviction;

namespace TierOperator.Tiering.Tests.Eviction;

public sealed class GhostTableTests
{
    private const int Capacity = 5_000;

    [Fact]
    public void Ghosts_AsManyAsTheCapacity_AreNearlyAllKnown()
    {
        var ghosts = Filled(3 * Capacity);

        var known = Enumerable.Range(2 * Capacity, Capacity).Count(key => ghosts.Take(Print(key), Capacity));

        Assert.InRange(known, Capacity * 97 / 100, Capacity);
    }

    [Fact]
    public void Ghosts_OlderThanTheCapacity_AreForgotten()
    {
        var ghosts = Filled(3 * Capacity);

        Assert.Equal(0, Enumerable.Range(0, 2 * Capacity).Count(key => ghosts.Take(Print(key), Capacity)));
    }

    [Fact]
    public void Take_Twice_KnowsItOnce()
    {
        var ghosts = Filled(10);

        Assert.True(ghosts.Take(Print(9), Capacity));
        Assert.False(ghosts.Take(Print(9), Capacity));
    }

    [Fact]
    public void Take_SmallerCapacity_ForgetsEarlier()
    {
        var ghosts = Filled(10);

        Assert.False(ghosts.Take(Print(4), 5));
        Assert.True(ghosts.Take(Print(5), 5));
    }

    [Fact]
    public void Add_CapacityGrows_KeepsWhatWasKnown()
    {
        var ghosts = Filled(100, capacity: 100);

        ghosts.Add(Print(100), 50_000);

        Assert.True(Enumerable.Range(0, 100).All(key => ghosts.Take(Print(key), 50_000)));
    }

    private static GhostTable Filled(int keys, int capacity = Capacity)
    {
        var ghosts = new GhostTable();
        for (var key = 0; key < keys; key++) ghosts.Add(Print(key), capacity);
        return ghosts;
    }

    private static uint Print(int key) => KeyPrint.Of((ulong)(key + 1) * 0xD6E8FEB86659FD93);
}
