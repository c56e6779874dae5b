using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>Conditions are decided in the tier together with the change, so that all pods see one decision.</summary>
public abstract partial class RemoteTierContractTests
{
    public static TheoryData<string, bool, bool> ItemConditions => new()
    {
        { "must not exist", false, true },
        { "must not exist", true, false },
        { "must exist", true, true },
        { "must exist", false, false },
        { "is version 5", true, true },
        { "is version 5", false, false },
        { "is version 4", true, false },
        { "is version 4 or 5", true, true },
    };

    [Theory]
    [MemberData(nameof(ItemConditions))]
    public async Task Apply_ConditionOnAnItem_Decides(string condition, bool isThere, bool isMet)
    {
        await ApplyAsync(_changes.Put("s", 5, (isThere ? "a" : "other", "one")) with { IsWhole = true });
        var conditional = new RemoteCondition { Item = Bytes("a"), Precondition = Parse(condition) };

        var result = await ApplyAsync(_changes.Put("s", 6, ("a", "two")) with { Condition = conditional });
        var item = await _tier.ReadItemAsync(Bytes("s"), Bytes("a"), default);

        Assert.Equal(isMet ? RemoteStatus.Applied : RemoteStatus.ConditionFailed, result.Status);
        Assert.Equal(Version(isMet ? 6u : 5u), result.Newest);
        Assert.Equal(isThere, result.Existed);
        Assert.Equal(isMet ? "two" : isThere ? "one" : null, item.Status == RemoteReadStatus.Found ? Text(item.Item.Value) : null);
    }

    [Theory]
    [InlineData("must not exist", false, true)]
    [InlineData("must not exist", true, false)]
    [InlineData("must exist", true, true)]
    [InlineData("must exist", false, false)]
    public async Task Apply_ConditionOnTheSession_Decides(string condition, bool isThere, bool isMet)
    {
        if (isThere) await ApplyAsync(_changes.Put("s", 5, ("a", "one")) with { IsWhole = true });

        var result = await ApplyAsync(_changes.Put("s", 6, ("a", "two")) with { IsWhole = true, Condition = new RemoteCondition { Precondition = Parse(condition) } });

        Assert.Equal(isMet ? RemoteStatus.Applied : RemoteStatus.ConditionFailed, result.Status);
        Assert.Equal(isThere, result.Existed);
    }

    [Fact]
    public async Task Apply_ItemThatWasRemoved_DoesNotExist()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one"), ("b", "two")) with { IsWhole = true });
        await ApplyAsync(_changes.Remove("s", 2, "a"));

        var result = await ApplyAsync(_changes.Put("s", 3, ("a", "new")) with { Condition = new RemoteCondition { Item = Bytes("a"), Precondition = Parse("must not exist") } });

        Assert.Equal((RemoteStatus.Applied, false), (result.Status, result.Existed));
    }

    [Fact]
    public async Task Apply_SessionThatWasDeleted_DoesNotExist()
    {
        await ApplyAsync(_changes.Put("s", 1, ("a", "one")) with { IsWhole = true });
        await ApplyAsync(_changes.Delete("s", 2));

        var result = await ApplyAsync(_changes.Put("s", 3, ("a", "new")) with { IsWhole = true, Condition = new RemoteCondition { Item = Bytes("a"), Precondition = Parse("must not exist") } });

        Assert.Equal((RemoteStatus.Applied, false), (result.Status, result.Existed));
    }

    [Theory]
    [InlineData(5u, true)]
    [InlineData(4u, false)]
    public async Task Apply_UnchangedSince_ComparesTheNewestVersion(uint seen, bool isMet)
    {
        await ApplyAsync(_changes.Put("s", 5, ("a", "one")) with { IsWhole = true });

        var result = await ApplyAsync(_changes.Put("s", 6, ("b", "two")) with { Condition = new RemoteCondition { Unchanged = Version(seen) } });

        Assert.Equal(isMet ? RemoteStatus.Applied : RemoteStatus.ConditionFailed, result.Status);
    }

    [Fact]
    public async Task Apply_UnchangedSinceNothing_HoldsWhereNothingIsAndAfterADeleteItsFloor()
    {
        var nothing = new RemoteCondition { Unchanged = ItemVersion.None };
        var first = await ApplyAsync(_changes.Put("s", 1, ("a", "one")) with { IsWhole = true, Condition = nothing });
        await ApplyAsync(_changes.Delete("s", 2));

        var none = await ApplyAsync(_changes.Put("s", 3, ("a", "two")) with { IsWhole = true, Condition = nothing });
        var floor = await ApplyAsync(_changes.Put("s", 3, ("a", "two")) with { IsWhole = true, Condition = new RemoteCondition { Unchanged = Version(2) } });

        Assert.Equal((RemoteStatus.Applied, RemoteStatus.ConditionFailed, RemoteStatus.Applied), (first.Status, none.Status, floor.Status));
    }

    [Fact]
    public async Task Apply_SeveralChanges_EachHasItsOwnResult()
    {
        await ApplyAsync(_changes.Put("b", 5, ("i", "one")) with { IsWhole = true });
        var mustNot = new RemoteCondition { Item = Bytes("i"), Precondition = Parse("must not exist") };

        var results = await _tier.ApplyAsync(
            [
                _changes.Put("a", 6, ("i", "x")) with { IsWhole = true, Condition = mustNot },
                _changes.Put("b", 6, ("i", "x")) with { Condition = mustNot },
                _changes.Put("b", 4, ("i", "x")),
                _changes.Put("c", 7, ("i", "x")) with { IsWhole = true },
            ],
            default);

        Assert.Equal([RemoteStatus.Applied, RemoteStatus.ConditionFailed, RemoteStatus.Older, RemoteStatus.Applied], results.Select(result => result.Status));
    }

    [Fact]
    public async Task Apply_ManyCreatorsOfOneItem_OneWins()
    {
        var mustNot = new RemoteCondition { Item = Bytes("i"), Precondition = Parse("must not exist") };

        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(async number =>
            await ApplyAsync(_changes.Put("s", (uint)number, ("i", "v")) with { IsWhole = true, Condition = mustNot })));

        Assert.Single(results, result => result.Status == RemoteStatus.Applied);
        Assert.Equal(19, results.Count(result => result.Status == RemoteStatus.ConditionFailed));
    }

    private static Precondition Parse(string text) => text switch
    {
        "must not exist" => new Precondition { MustNotExist = true },
        "must exist" => new Precondition { MustExist = true },
        "is version 5" => new Precondition { AnyOf = [Version(5)] },
        "is version 4" => new Precondition { AnyOf = [Version(4)] },
        "is version 4 or 5" => new Precondition { AnyOf = [Version(4), Version(5)] },
        _ => throw new ArgumentOutOfRangeException(nameof(text)),
    };
}
