using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>Versions only go forward: what is older loses, whenever it comes.</summary>
public abstract partial class RemoteTierContractTests
{
    [Fact]
    public async Task Apply_NewerPut_Replaces()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "old"), ("b", "kept")) with { IsWhole = true });

        var result = await ApplyAsync(_changes.Put("s", 2, ("a", "new")));

        Assert.Equal((RemoteStatus.Applied, Version(2)), (result.Status, result.Newest));
        Assert.NotEqual(false, result.Existed);
        Assert.Equal("a=new@2 text/plain;b=kept@1 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_OlderPut_IsOlderAndChangesNothing()
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "new")) with { IsWhole = true });

        var result = await ApplyAsync(_changes.Put("s", 4, ("a", "old")));

        Assert.Equal((RemoteStatus.Older, Version(5)), (result.Status, result.Newest));
        Assert.Equal("a=new@5 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_OlderPutOfAnotherItem_IsTaken()
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "new")) with { IsWhole = true });

        var result = await ApplyAsync(_changes.Put("s", 4, ("b", "late")));

        Assert.Equal((RemoteStatus.Applied, Version(5)), (result.Status, result.Newest));
        Assert.Equal("a=new@5 text/plain;b=late@4 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_SameChangeAgain_IsOlder()
    {
        var change = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };
        await ApplyAsync(change);

        var again = await ApplyAsync(change);

        Assert.Equal((RemoteStatus.Older, Version(5)), (again.Status, again.Newest));
    }

    [Fact]
    public async Task Apply_SameStampFromAHigherNode_IsNewer()
    {
        var change = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };
        var higher = new ItemVersion(5, Changes.Node + 1);
        await ApplyAsync(change);

        var result = await ApplyAsync(change with { Newest = higher, Puts = [change.Puts[0] with { Version = higher, Value = new(Bytes("two")) }] });

        Assert.Equal((RemoteStatus.Applied, higher), (result.Status, result.Newest));
    }

    [Fact]
    public async Task Apply_StampsAboveTheSignedRange_AreStillOrdered()
    {
        var (low, high) = (new ItemVersion(0x7fff_ffff_ffff_ffff, 0xffff_ffff), new ItemVersion(0x8000_0000_0000_0000, 0));
        var change = _changes.Put("s", 5, ("a", "high"));
        await ApplyAsync(change with { IsWhole = true, Newest = high, Puts = [change.Puts[0] with { Version = high }] });

        var result = await ApplyAsync(change with { Newest = low, Puts = [change.Puts[0] with { Version = low }] });

        Assert.Equal((RemoteStatus.Older, high), (result.Status, result.Newest));
    }

    [Fact]
    public async Task Apply_Removal_HidesTheItemFromOlderPuts()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one"), ("b", "two")) with { IsWhole = true });

        var removed = await ApplyAsync(_changes.Remove("s", 3, "a"));
        var late = await ApplyAsync(_changes.Put("s", 2, ("a", "late")));
        var item = await _tier.ReadItemAsync(Bytes("s"), Bytes("a"), default);

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older, RemoteReadStatus.NotFound), (removed.Status, late.Status, item.Status));
        Assert.Equal("b=two@1 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_Delete_KeepsTheSessionGone()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one")) with { IsWhole = true });

        var deleted = await ApplyAsync(_changes.Delete("s", 3));
        var late = await ApplyAsync(_changes.Put("s", 2, ("a", "late")));
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older), (deleted.Status, late.Status));
        Assert.NotEqual(false, deleted.Existed);
        Assert.Equal((RemoteReadStatus.NotFound, Version(3), Version(3)), (session.Status, session.Newest, session.Floor));
    }

    [Fact]
    public async Task Apply_DeleteOfWhatIsNotThere_IsRemembered()
    {
        var deleted = await ApplyAsync(_changes.Delete("s", 3));
        var again = await ApplyAsync(_changes.Delete("s", 3));
        var late = await ApplyAsync(_changes.Put("s", 2, ("a", "late")) with { IsWhole = true });

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older, RemoteStatus.Older), (deleted.Status, again.Status, late.Status));
        Assert.NotEqual(true, deleted.Existed);
    }

    [Fact]
    public async Task Apply_PutAfterADelete_BeginsAnew()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one")) with { IsWhole = true });
        await ApplyAsync(_changes.Delete("s", 2));

        await ApplyAsync(_changes.Put("s", 3, ("b", "two")) with { IsWhole = true });
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal("b=two@3 text/plain", Text(session));
        Assert.Equal((false, Version(2)), (session.IsProjection, session.Floor));
    }

    [Fact]
    public async Task Apply_DeleteThatIsOlderThanAnItem_LeavesIt()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one")) with { IsWhole = true });
        await ApplyAsync(_changes.Put("s", 5, ("b", "two")));

        await ApplyAsync(_changes.Delete("s", 3));

        Assert.Equal("b=two@5 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_Replace_RemovesWhatWasThere()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one"), ("b", "two")) with { IsWhole = true });

        await ApplyAsync(_changes.Replace("s", 4, ("b", "new")));
        var late = await ApplyAsync(_changes.Put("s", 3, ("a", "late")));
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal(RemoteStatus.Older, late.Status);
        Assert.Equal("b=new@4 text/plain", Text(session));
        Assert.Equal((Version(4), Version(4)), (session.Floor, session.Newest));
    }

    [Fact]
    public async Task Apply_DeleteAtTheVersionOfAReplace_EndsWhatItPut()
    {
        var replaced = _changes.Replace("s", 5, ("a", "one"), ("b", "two"));
        await ApplyAsync(replaced);

        var deleted = await ApplyAsync(_changes.Delete("s", 5));
        var late = await ApplyAsync(replaced);

        Assert.Equal((RemoteStatus.Applied, Version(5)), (deleted.Status, deleted.Newest));
        Assert.Equal(RemoteStatus.Older, late.Status);
        Assert.Equal(RemoteReadStatus.NotFound, (await _tier.ReadSessionAsync(Bytes("s"), default)).Status);
    }

    [Fact]
    public async Task Apply_DeleteAtTheVersionOfAReplace_LeavesWhatCameAfterIt()
    {
        await ApplyAsync(_changes.Replace("s", 5, ("a", "one"), ("b", "two")));
        await ApplyAsync(_changes.Put("s", 6, ("b", "later")));

        await ApplyAsync(_changes.Delete("s", 5));

        Assert.Equal("b=later@6 text/plain", Text(await _tier.ReadSessionAsync(Bytes("s"), default)));
    }

    [Fact]
    public async Task Apply_ReplaceWhoseItemsHaveItsVersion_KeepsThem()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one"), ("b", "two")) with { IsWhole = true });
        var replace = _changes.Put("s", 4, ("b", "new"), ("c", "more")) with { Header = _changes.Replace("s", 4).Header, IsWhole = true };

        await ApplyAsync(replace);
        await ApplyAsync(replace);
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal("b=new@4 text/plain;c=more@4 text/plain", Text(session));
    }

    [Fact]
    public async Task Apply_Touch_MovesAccessAndSlidingDeadline()
    {
        var change = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };
        await ApplyAsync(change);
        var later = change.Header! with { LastAccessMs = change.Header.LastAccessMs + 5000, DeadlineMs = change.Header.DeadlineMs + 5000, Accesses = 9 };

        var touched = await ApplyAsync(change with { Puts = [], IsWhole = false, IsAnnounced = false, Header = later });
        var again = await ApplyAsync(change with { Puts = [], IsWhole = false, IsAnnounced = false, Header = later });
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older), (touched.Status, again.Status));
        Assert.Equal(later, session.Session!.Header);
    }

    [Fact]
    public async Task Apply_TouchThatKnowsNoVersion_MovesWhatIsThereAndMakesNothing()
    {
        var change = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };
        await ApplyAsync(change);
        var later = change.Header! with { LastAccessMs = change.Header.LastAccessMs + 5000, DeadlineMs = change.Header.DeadlineMs + 5000, Accesses = 9 };
        var touch = change with { Puts = [], IsWhole = false, IsAnnounced = false, Header = later, Newest = ItemVersion.None };

        var touched = await ApplyAsync(touch);
        var nobody = await ApplyAsync(touch with { Session = Bytes("none") });
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.Older), (touched.Status, nobody.Status));
        Assert.Equal((later, Version(5)), (session.Session!.Header, session.Newest));
        Assert.Equal(RemoteReadStatus.NotFound, (await _tier.ReadSessionAsync(Bytes("none"), default)).Status);
    }

    [Fact]
    public async Task Apply_ExplicitDeadline_FollowsTheNewestChange()
    {
        var first = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };
        var explicitly = first.Header! with { ExplicitDeadline = true, DeadlineMs = first.Header.DeadlineMs - 1000 };
        await ApplyAsync(_changes.Put("s", 6, ("a", "two")) with { Header = explicitly });

        await ApplyAsync(first with { Puts = [.. _changes.Put("s", 5, ("b", "late")).Puts] });
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.True(session.Session!.Header.ExplicitDeadline);
        Assert.Equal(explicitly.DeadlineMs, session.Session.Header.DeadlineMs);
    }

    [Fact]
    public async Task Read_ExpiredSession_IsNotFound()
    {
        var change = _changes.Put("s", 5, ("a", "one")) with { IsWhole = true };

        await ApplyAsync(change with { ExpiresMs = Changes.NowMs + 300 });

        await Eventually.HoldsAsync(async () => (await _tier.ReadItemAsync(Bytes("s"), Bytes("a"), default)).Status == RemoteReadStatus.NotFound, () => "the session is still there");
        Assert.Equal(RemoteReadStatus.NotFound, (await _tier.ReadSessionAsync(Bytes("s"), default)).Status);
    }
}
