using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Conflicts;

public sealed class AncestryTests
{
    private const uint Now = 9, Before = 8, Other = 1, Third = 2;
    private readonly Ancestry _ancestry = new(Now, new LastRuns([], [7, Before]));

    [Theory]
    [InlineData(Before, 1, Before, 2)] // one node writes in order
    [InlineData(Before, 1, Now, 2)]
    [InlineData(7u, 1, Before, 2)]
    [InlineData(Now, 1, Now, 2)]
    [InlineData(Now, 2, Now, 2)] // the same, sent again
    [InlineData(Other, 1, Other, 2)] // a copy of what one other node wrote
    [InlineData(Other, 2, Other, 1)]
    [InlineData(Other, 2, Third, 1)] // a copy that was superseded
    public void Standing_OfOneHistory_IsNoConflict(uint thereNode, int there, uint oursNode, int ours)
        => Assert.Equal(Standing.Known, Of(Version(there, thereNode), Version(ours, oursNode)));

    [Theory]
    [InlineData(Other, 1, Now, 2)]
    [InlineData(Other, 2, Now, 1)]
    [InlineData(Other, 1, Before, 2)]
    [InlineData(Other, 2, Before, 1)]
    [InlineData(Other, 1, Third, 2)]
    public void Standing_OfAnothers_IsAConflict(uint thereNode, int there, uint oursNode, int ours)
        => Assert.Equal(Standing.Unseen, Of(Version(there, thereNode), Version(ours, oursNode)));

    [Fact]
    public void Standing_OfAnothersThatTheWriterKnew_IsKnown()
        => Assert.Equal(Standing.Known, Of(Version(1, Other), Version(2, Now), Version(1, Other)));

    [Theory]
    [InlineData(Before)]
    [InlineData(Now)]
    public void Standing_OfAnOwnThatIsNewer_Stays(uint node)
        => Assert.Equal(Standing.OwnNewer, Of(Version(3, node), Version(2, Before)));

    [Fact]
    public void Standing_OfADisputeThatTheWriterDidNotKnow_IsAConflict()
        => Assert.Equal(Standing.Unseen, _ancestry.Of(default, Version(2, Now), Version(1, Before), isDisputed: true));

    [Fact]
    public void Standing_OfWhatWasSettledHere_IsAConflictUntilItIsRead()
    {
        _ancestry.Settled(Version(2, Now));

        Assert.Equal(Standing.Unseen, Of(Version(2, Now), Version(3, Now), Version(1, Now)));
        Assert.Equal(Standing.Unseen, Of(Version(2, Now), Version(1, Now), Version(0, Now)));
        Assert.Equal(Standing.Known, Of(Version(2, Now), Version(3, Now), Version(2, Now)));
    }

    [Fact]
    public void Standing_WhereEarlierRunsAreNotKnown_TakesNothingForACopy()
        => Assert.Equal(Standing.Unseen, new Ancestry(Now, LastRuns.None).Of(default, Version(1, Third), Version(2, Other), isDisputed: false));

    private Standing Of(ItemVersion there, ItemVersion ours, params ItemVersion[] seen)
        => _ancestry.Of(new OwedItem(ours, IsRemoved: false, 0, null) { Seen = seen.Length == 0 ? null : seen }, ours, there, isDisputed: false);

    private static ItemVersion Version(int at, uint node) => new((ulong)at, node);
}
