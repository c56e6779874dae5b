using System.Text;
using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Conflicts;

public sealed class ConflictTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"b":2}""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":1,"c":3}""", """{"a":2}""", """{"a":2,"c":3}""")]
    [InlineData("""{"a":{"x":1,"y":1}}""", """{"a":{"y":2}}""", """{"a":{"x":1,"y":2}}""")]
    [InlineData("""{"a":{"x":1}}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"a":[1]}""", """{"a":{"x":1}}""", """{"a":{"x":1}}""")]
    [InlineData("""{"a":1}""", """{"a":null}""", """{"a":null}""")]
    [InlineData("{}", "{}", "{}")]
    public void Merge_Objects_TakesTheNewerOfEachMember(string older, string newer, string expected)
    {
        var settled = Resolve("onConflict: Merge", ours: Item(newer, 2), theirs: Item(older, 1));
        var mirrored = Resolve("onConflict: Merge", ours: Item(older, 1), theirs: Item(newer, 2));

        Assert.Equal((ConflictStrategy.Merge, expected), (settled.Strategy, Encoding.UTF8.GetString(settled.Value)));
        Assert.Equal(expected, Encoding.UTF8.GetString(mirrored.Value));
    }

    [Theory]
    [InlineData("[1]", "application/json")]
    [InlineData("{", "application/json")]
    [InlineData("""{"a":1,"a":2}""", "application/json")]
    [InlineData("""{"a":1}""", "text/plain")]
    [InlineData("""{"a":"\ud800"}""", "application/json")]
    [InlineData("""{"\ud800":1}""", "application/json")]
    public void Merge_OfWhatHasNoMembers_IsTheNewer(string older, string type)
    {
        var settled = Resolve("onConflict: Merge", ours: Item("""{"b":2}""", 2), theirs: Item(older, 1, type));

        Assert.Equal((ConflictStrategy.LatestWins, """{"b":2}"""), (settled.Strategy, Encoding.UTF8.GetString(settled.Value)));
    }

    [Theory]
    [InlineData("onConflict: SourcePriority", "theirs")]
    [InlineData("onConflict: SourcePriority, sourcePriority: [memory, redis]", "ours")]
    [InlineData("onConflict: SourcePriority, sourcePriority: [spillover, redis]", "ours")]
    [InlineData("onConflict: SourcePriority, sourcePriority: [redis, memory]", "theirs")]
    [InlineData("onConflict: SourcePriority, sourcePriority: [postgres]", "ours")]
    public void SourcePriority_EitherOrder_TakesTheOneOfTheTrustedTier(string rule, string winner)
    {
        Assert.Equal(winner, Encoding.UTF8.GetString(Resolve(rule, Item("ours", 1), Item("theirs", 2)).Value));
        Assert.Equal(winner, Encoding.UTF8.GetString(Resolve(rule, Item("ours", 2), Item("theirs", 1)).Value));
        var oldest = winner == "ours" ? Resolve(rule, Item("ours", 1), Item("theirs", 2)) : Resolve(rule, Item("ours", 2), Item("theirs", 1));
        Assert.Equal((Version(1), Version(2)), (oldest.Winner, oldest.Loser));
    }

    [Fact]
    public void Manual_KeepsEveryVersionOnceOldestFirst()
    {
        var first = Resolve("onConflict: Manual", Item("""{"a":1}""", 1), Item("text", 2, "text/plain"));
        var second = Resolve("onConflict: Manual", Item("third", 3, "text/plain"), new ItemSnapshot(Key("i"), first.ContentType, Version(9), ItemValue.From(first.Value)));
        var third = Resolve("onConflict: Manual", Item("third", 3, "text/plain"), new ItemSnapshot(Key("i"), second.ContentType, Version(10), ItemValue.From(second.Value)));

        Assert.True(ConflictDocument.IsOne(first.ContentType));
        using var document = JsonDocument.Parse(third.Value);
        var versions = document.RootElement.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal([Version(1).ToString(), Version(2).ToString(), Version(3).ToString()], versions.Select(static version => version.GetProperty("version").GetString()));
        Assert.Equal(1, versions[0].GetProperty("value").GetProperty("a").GetInt32());
        Assert.Equal("text"u8.ToArray(), versions[1].GetProperty("base64").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void Manual_OfJsonThatCannotBeWrittenAnew_KeepsItsBytes(string odd)
    {
        var first = Resolve("onConflict: Manual", Item(odd, 1), Item("""{"b":2}""", 2));
        var second = Resolve("onConflict: Manual", Item(odd, 3), new ItemSnapshot(Key("i"), first.ContentType, Version(9), ItemValue.From(first.Value)));

        using var document = JsonDocument.Parse(second.Value);
        var versions = document.RootElement.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal(Key(odd), versions[0].GetProperty("base64").GetBytesFromBase64());
        Assert.Equal(Key(odd), versions[2].GetProperty("base64").GetBytesFromBase64());
    }

    [Fact]
    public void Manual_OfDeepJson_CanBeReadAgain()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 64)) + string.Concat(Enumerable.Repeat("]", 64));
        var first = Resolve("onConflict: Manual", Item(deep, 1), Item("[" + deep[1..], 2));

        var second = Resolve("onConflict: Manual", Item(deep, 3), new ItemSnapshot(Key("i"), first.ContentType, Version(9), ItemValue.From(first.Value)));

        using var document = JsonDocument.Parse(second.Value);
        Assert.Equal(3, document.RootElement.GetProperty("versions").GetArrayLength());
    }

    [Theory]
    [InlineData("Merge")]
    [InlineData("Manual")]
    public void Values_TooLargeForTheStrategy_AreDecidedByTime(string strategy)
    {
        var large = $$"""{"a":"{{new string('x', (int)Conflict.MaxBytes)}}"}""";

        var settled = Resolve($"onConflict: {strategy}", Item("""{"b":2}""", 2), Item(large, 1));

        Assert.Equal((ConflictStrategy.LatestWins, """{"b":2}"""), (settled.Strategy, Encoding.UTF8.GetString(settled.Value)));
    }

    private static Resolution Resolve(string rule, ItemSnapshot ours, ItemSnapshot theirs)
    {
        var policy = EngineHarness.PolicyOf($$"""
            tiers:
              memory: {capacity: 16Mi, ttl: 1h}
              spillover: {capacity: 64Mi, ttl: 1d}
              redis: {ttl: 1d, external: {secretRef: {name: r} } }
              postgres: {retention: 9d, external: {secretRef: {name: p} } }
            rules:
              - {name: all, {{rule}} }
            """);
        return new Conflict(ours, theirs).Resolve(policy.Matcher.MatchSession("s"u8, null), TierSet.Redis);
    }

    private static ItemSnapshot Item(string value, ulong version, string type = "application/json")
        => new(Key("i"), type, Version(version), ItemValue.From(Key(value)));

    private static ItemVersion Version(ulong number) => new(number << 16, 1);

    private static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);
}
