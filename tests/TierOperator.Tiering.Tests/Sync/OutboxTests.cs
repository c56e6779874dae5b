using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Where an outbox stands in the journal, and what a tier that forgets while the journal is read changes of that.</summary>
public sealed class OutboxTests
{
    private static readonly JournalPosition s_end = new(3, 100);
    private readonly Outbox _outbox = new(1 << 20, 1 << 20);

    [Fact]
    public void BeginAgain_WhileAStretchIsRead_ThatRoundChangesNothingMore()
    {
        _outbox.FallBehind(new JournalPosition(2, 0));
        Assert.True(_outbox.MustReadOn(out _, out var round));

        _outbox.BeginAgain(new ItemVersion(9, 1), hasJournal: true);
        _outbox.NoteRead([NoteAt(new JournalPosition(2, 0))], round);
        _outbox.ReadUpTo(s_end, round);
        _outbox.NoteFromNowOn(round);
        _outbox.HasCaughtUp(round);

        Assert.Equal(default(JournalPosition), _outbox.BehindFrom);
        Assert.True(_outbox.IsResending);
        Assert.False(_outbox.Owes("s"u8.ToArray()));
        Assert.Equal(new ShadowMark(default, new ItemVersion(9, 1)), _outbox.MarkOf(s_end));
    }

    [Fact]
    public void MarkOf_RemembersThatTheTierLostSomething_UntilItHasAllAgain()
    {
        var below = new ItemVersion(9, 1);
        _outbox.BeginAgain(below, hasJournal: true);
        _outbox.Told(1);
        ReadAll();
        _outbox.Refills.Add("s"u8.ToArray(), new JournalPosition(1, 0));
        var waiting = _outbox.MarkOf(s_end);
        _outbox.Refilled("s"u8.ToArray(), _outbox.Round);

        Assert.Equal(new ShadowMark(new JournalPosition(1, 0), below), waiting);
        Assert.Equal(new ShadowMark(s_end, ItemVersion.None), _outbox.MarkOf(s_end));
    }

    [Fact]
    public void RefillDone_OfWhatTheTierHasLostAgainSince_WaitsOnce()
    {
        _outbox.Refills.Add("s"u8.ToArray(), null);
        var round = _outbox.Round;
        Assert.Single(_outbox.Refills.Next(9));
        _outbox.BeginAgain(new ItemVersion(9, 1), hasJournal: false);

        _outbox.Refilled("s"u8.ToArray(), round);

        Assert.True(_outbox.Refills.Contains("s"u8.ToArray()));
        Assert.Single(_outbox.Refills.Next(9));
    }

    [Fact]
    public void BeginAgain_WithNoJournal_IsNoEmptyBacklogBeforeMemoryIsNoted()
    {
        _outbox.BeginAgain(new ItemVersion(9, 1), hasJournal: false);
        var (backlog, knowsAll) = (_outbox.Backlog, _outbox.KnowsAll);
        _outbox.Told(1);

        Assert.Equal((1, false), (backlog, knowsAll));
        Assert.Equal((0, true), (_outbox.Backlog, _outbox.KnowsAll));
    }

    [Fact]
    public void RefillAdd_OfOneThatIsKnownFromMemoryAlone_TakesItsPlaceInTheJournal()
    {
        _outbox.Refills.Add("s"u8.ToArray(), null);

        _outbox.Refills.Add("s"u8.ToArray(), new JournalPosition(1, 0));

        Assert.Equal(new JournalPosition(1, 0), _outbox.Refills.Oldest);
    }

    [Fact]
    public void ReadMissed_OfRefillsForWhichThereWasNoRoom_TheJournalIsReadAgainFromThere()
    {
        var small = new Outbox(maxBacklogBytes: 1 << 20, maxEntryBytes: 400); // room for one refill or two
        for (var i = 0; i < 3; i++) small.Refills.Add([(byte)i], new JournalPosition(1, 10 * i));
        Assert.False(small.Refills.Contains([2]));
        Assert.True(small.KnowsAll);

        small.ReadMissed();

        Assert.True(small.MustReadOn(out var from, out _));
        Assert.Equal(new JournalPosition(1, 20), from);
        Assert.True(small.IsResending);
        Assert.Equal(new JournalPosition(1, 0), small.MarkOf(s_end).Position);
    }

    [Fact]
    public void Count_UntilTheJournalsEndIsRead_IsNotZero()
    {
        _outbox.Resume(default);
        Assert.True(_outbox.MustReadOn(out _, out var round));

        _outbox.NoteFromNowOn(round);
        var stillReading = _outbox.Count;
        _outbox.HasCaughtUp(round);

        Assert.Equal((1, 0), (stillReading, _outbox.Count));
    }

    [Fact]
    public void MarkOf_WhatWasNotedBeforeSomethingThatStandsInFrontOfIt_IsTheEarlierPlace()
    {
        var (early, late) = (new JournalPosition(1, 0) { Epoch = 1 }, new JournalPosition(1, 50) { Epoch = 1 });
        _ = _outbox.Note(NoteAt(late), wait: false);
        _ = _outbox.Note(NoteAt(early), wait: false);

        Assert.Equal(early, _outbox.MarkOf(s_end).Position);
    }

    [Fact]
    public void MarkOf_PlacesInTwoLivesOfASegment_IsItsBeginning()
    {
        _ = _outbox.Note(NoteAt(new JournalPosition(1, 80) { Epoch = 1 }), wait: false);
        _ = _outbox.Note(NoteAt(new JournalPosition(1, 20) { Epoch = 2 }) with { Key = "t"u8.ToArray() }, wait: false);

        Assert.Equal(new JournalPosition(1, 0), _outbox.MarkOf(s_end).Position);
    }

    [Fact]
    public void Resume_InTheMiddleOfGivingBack_GoesOnWithThat()
    {
        var mark = new ShadowMark(new JournalPosition(1, 0), new ItemVersion(9, 1));

        _outbox.Resume(mark);

        Assert.True(_outbox.IsResending);
        Assert.Equal(mark, _outbox.MarkOf(s_end));
    }

    [Fact]
    public void Resume_AfterAnOrdinaryStop_SendsWhatStandsInTheJournal()
    {
        _outbox.Resume(new ShadowMark(new JournalPosition(1, 0), ItemVersion.None));

        Assert.False(_outbox.IsResending);
        Assert.Equal(new JournalPosition(1, 0), _outbox.BehindFrom);
    }

    private void ReadAll()
    {
        Assert.True(_outbox.MustReadOn(out _, out var round));
        _outbox.NoteFromNowOn(round);
        _outbox.HasCaughtUp(round);
    }

    private static OwedNote NoteAt(JournalPosition since) => new("s"u8.ToArray(), new ItemVersion(1, 1), 1) { Puts = [new OwedPut("i"u8.ToArray(), 1, null)], Since = since };
}
