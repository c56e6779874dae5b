using TierOperator.TestKit;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>When full batches rest so that several changes of a session go as one, and what never rests.</summary>
public sealed class HoldTests
{
    private const long NowMs = 1_800_000_000_000;
    private static readonly TimeSpan s_took = TimeSpan.FromMilliseconds(40);
    private readonly ManualTime _time = new();
    private readonly Outbox _outbox = new(1 << 20, 1 << 20);

    [Fact]
    public void IsOn_AfterAFullBatch_ForThreeTimesAsLongAsItTook()
    {
        var hold = new Hold(_time);
        var begun = hold.Begin();
        var whileSending = hold.IsOn;
        _time.Advance(s_took);

        hold.Sent(begun);

        Assert.True(whileSending);
        Assert.Equal(3 * s_took, hold.Left);
        _time.Advance(3 * s_took);
        Assert.False(hold.IsOn);
    }

    [Fact]
    public void Sent_VerySlowBatch_RestsForTheLongestTimeOnly()
    {
        var hold = new Hold(_time);
        var begun = hold.Begin();
        _time.Advance(TimeSpan.FromMinutes(1));

        hold.Sent(begun);

        Assert.Equal(Hold.Longest, hold.Left);
    }

    [Fact]
    public void Take_FullBatchAtRest_StaysAndTakesLaterChangesIn()
    {
        for (byte session = 0; session < 4; session++) Note(session, version: 1);
        var atRest = _outbox.Take(Terms(isResting: true));
        Note(2, version: 9);

        var taken = _outbox.Take(Terms(isResting: false));

        Assert.Empty(atRest);
        Assert.Equal([1UL, 1, 9, 1], taken.Select(owed => owed.Newest.Stamp));
    }

    [Fact]
    public void Take_AtRest_GivesWhatHasRestedLongest()
    {
        Note(0, version: 1, ageMs: (long)Hold.Longest.TotalMilliseconds + 1);
        for (byte session = 1; session < 4; session++) Note(session, version: 1);

        var taken = _outbox.Take(Terms(isResting: true));

        Assert.Equal([0], taken.Select(owed => owed.Key[0]));
    }

    [Fact]
    public void TakeUrgent_AtRest_GivesWhatSomebodyWaitsFor()
    {
        for (byte session = 0; session < 4; session++) Note(session, version: 1);
        _ = _outbox.Hurry([3]);

        var (taken, others) = (_outbox.TakeUrgent(4), _outbox.Take(Terms(isResting: true)));

        Assert.Equal([3], taken.Select(owed => owed.Key[0]));
        Assert.Empty(others);
    }

    [Theory]
    [InlineData("no journal keeps it")]
    [InlineData("it may collide")]
    [InlineData("much waits")]
    [InlineData("the journal is ahead")]
    public void Take_AtRest_GivesAllWhere(string reason)
    {
        for (byte session = 0; session < 4; session++) Note(session, version: 1, isJournalled: reason != "no journal keeps it", seen: reason == "it may collide", bytes: reason == "much waits" ? 1 << 16 : 1);
        if (reason == "the journal is ahead") _outbox.FallBehind(default);

        var taken = _outbox.Take(Terms(isResting: true));

        Assert.Equal(4, taken.Count);
    }

    private static SendTerms Terms(bool isResting) => new(4, NowMs)
    {
        DueBeforeMs = NowMs - 30_000,
        FullBeforeMs = isResting ? NowMs - (long)Hold.Longest.TotalMilliseconds : long.MaxValue,
    };

    private void Note(byte session, ulong version, long ageMs = 10, bool isJournalled = true, bool seen = false, long bytes = 1)
        => _outbox.Note(
            new OwedNote([session], new ItemVersion(version, 1), NowMs - ageMs)
            {
                Header = new SessionHeader { Rule = "r", CreatedMs = 0, LastAccessMs = 0, DeadlineMs = 0 },
                Puts = [new OwedPut([1], bytes, null)],
                Since = isJournalled ? new JournalPosition(1, 0) : null,
                Seen = seen ? new Dictionary<byte[], ItemVersion>(KeyComparer.Instance) : null,
            },
            wait: false);
}
