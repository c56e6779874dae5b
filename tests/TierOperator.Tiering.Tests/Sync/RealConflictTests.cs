using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Two sidecars write one item without having seen each other, over a real Redis and a real PostgreSQL: what the rule's strategy makes of it.</summary>
public sealed class RealConflictTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const string Left = """{"left":1}""", Right = """{"right":2}""";

    [Theory]
    [InlineData("write: Behind, ack: Disk", true)]
    [InlineData("write: Behind, ack: Disk", false)]
    [InlineData("write: Through, ack: Disk", true)]
    [InlineData("write: Through, ack: Disk", false)]
    public async Task Merge_OfTwoWrites_HasTheMembersOfBothInEveryTier(string rule, bool awayIsOlder)
    {
        await using var pods = await SettledAsync($"{rule}, onConflict: Merge");
        await CollideAsync(pods, Left, Right, awayIsOlder);

        var merged = awayIsOlder ? """{"left":1,"right":2}""" : """{"right":2,"left":1}""";
        Assert.Equal($"s0.a={merged};", await pods.AgreeAsync(1, ["a"]));
        await HoldsAsync(pods, TierSet.Redis, merged);
        await HoldsAsync(pods, TierSet.Postgres, merged);
        await NotedAsync(pods, nameof(ConflictStrategy.Merge));
    }

    [Fact]
    public async Task Merge_OfAWriteThatHadSeenTheOther_IsThatWrite()
    {
        await using var pods = await SettledAsync("write: Behind, ack: Disk, onConflict: Merge");
        await pods.All[0].PutAsync("s0", "a", Left);
        await pods.AreSettledAsync();

        Assert.Equal(Left, await pods.All[1].ValueAsync("s0", "a"));
        await pods.All[1].PutAsync("s0", "a", Right);
        await pods.All[1].PutAsync("s0", "a", """{"right":3}""");
        await pods.AreSettledAsync();

        Assert.Equal("""s0.a={"right":3};""", await pods.AgreeAsync(1, ["a"]));
        Assert.All(pods.All, static pod => Assert.Equal(0, pod.Engine.ConflictsDecided));
    }

    [Theory]
    [InlineData("", "here", 2)]
    [InlineData(", sourcePriority: [memory, redis]", "away", 1)]
    public async Task SourcePriority_WhicheverIsNewer_TakesTheTrustedTiersOwn(string priority, string winner, int node)
    {
        foreach (var awayIsOlder in new[] { true, false })
        {
            await using var pods = await SettledAsync("write: Behind, ack: Disk, onConflict: SourcePriority" + priority);
            await CollideAsync(pods, "away", "here", awayIsOlder);

            Assert.Equal($"s0.a={winner};", await pods.AgreeAsync(1, ["a"]));
            await NotedAsync(pods, nameof(ConflictStrategy.SourcePriority), note => note.Winner.Node == node && note.Loser.Node == 3 - node);
        }
    }

    [Fact]
    public async Task LatestWins_IsNotedWithBothVersions()
    {
        await using var pods = await SettledAsync("write: Behind, ack: Disk");
        await CollideAsync(pods, "away", "here", awayIsOlder: true);

        Assert.Equal("s0.a=here;", await pods.AgreeAsync(1, ["a"]));
        await NotedAsync(pods, nameof(ConflictStrategy.LatestWins));
    }

    [Fact]
    public async Task Manual_KeepsBothAndRefusesWritesUntilSomebodyDecides()
    {
        await using var pods = await SettledAsync("write: Behind, ack: Disk, onConflict: Manual");
        await CollideAsync(pods, "away", "here", awayIsOlder: true);
        Assert.Matches("^s0[.]a=[{]\"versions\":.*;$", await pods.AgreeAsync(1, ["a"]));
        var disputed = await pods.All[2].Engine.ReadAsync("s0"u8.ToArray(), "a"u8.ToArray(), CancellationToken.None);
        Assert.True(ConflictDocument.IsOne(disputed.ContentType));

        foreach (var pod in pods.All) Assert.Equal(WriteStatus.Conflict, (await pod.PutAsync("s0", "a", "blind")).Status);
        Assert.Equal(WriteStatus.Conflict, (await pods.All[0].Engine.DeleteItemAsync("s0"u8.ToArray(), "a"u8.ToArray(), default, CancellationToken.None)).Status);
        var decided = await pods.All[2].PutAsync("s0", "a", "decided", new Precondition { AnyOf = [disputed.Version] });
        await pods.AreSettledAsync();

        Assert.True(decided.Succeeded, decided.Detail);
        Assert.Equal("s0.a=decided;", await pods.AgreeAsync(1, ["a"]));
        Assert.True((await pods.All[1].PutAsync("s0", "a", "after")).Succeeded);
        await NotedAsync(pods, nameof(ConflictStrategy.Manual));
    }

    [Fact]
    public async Task Merge_WhenTheDecidingTierIsAway_HappensWhenItIsBack()
    {
        await using var pods = await SettledAsync("write: Behind, ack: Disk, onConflict: Merge");
        foreach (var pod in pods.All) pod.ToRedis.IsShut = true;
        await pods.All[0].PutAsync("s0", "a", Left);
        await pods.All[1].PutAsync("s0", "a", Right);
        pods.Mend();
        await pods.AreSettledAsync();

        Assert.Equal("""s0.a={"left":1,"right":2};""", Ordered(await pods.AgreeAsync(1, ["a"])));
        await HoldsAsync(pods, TierSet.Postgres, """{"left":1,"right":2}""");
    }

    private async Task<Pods> SettledAsync(string rule)
    {
        var pods = new Pods(servers.Anew(), rule, skew: TimeSpan.Zero);
        await pods.AreSettledAsync();
        return pods;
    }

    /// <summary>One pod is cut off and writes, the other writes where all see it; then the way is mended.</summary>
    private static async Task CollideAsync(Pods pods, string away, string here, bool awayIsOlder)
    {
        var (cut, other) = (pods.All[0], pods.All[1]);
        await cut.CutOffAsync();
        if (awayIsOlder) Assert.True((await cut.PutAsync("s0", "a", away)).Succeeded);
        Assert.True((await other.PutAsync("s0", "a", here)).Succeeded);
        await other.SettledAsync();
        if (!awayIsOlder) Assert.True((await cut.PutAsync("s0", "a", away)).Succeeded);
        pods.Mend();
        await pods.AreSettledAsync();
    }

    private static string Ordered(string text) => text.Replace("""{"right":2,"left":1}""", """{"left":1,"right":2}""", StringComparison.Ordinal);

    /// <summary>What a tier itself has in the end, asked past every copy.</summary>
    private static async Task HoldsAsync(Pods pods, TierSet tier, string expected)
    {
        var seen = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var found = await pods.All[2].Engine.LoopOf(tier)!.Link.Tier.ReadItemAsync("s0"u8.ToArray(), "a"u8.ToArray(), CancellationToken.None);
                seen = found.Status == RemoteReadStatus.Found ? Encoding.UTF8.GetString(found.Item.Value.ToArray()) : found.Status.ToString();
                return Ordered(seen) == Ordered(expected);
            },
            () => $"{tier} holds {seen}");
    }

    private static Task NotedAsync(Pods pods, string strategy, Func<ConflictNote, bool>? isRight = null) => Eventually.HoldsAsync(
        async () =>
        {
            var store = ((IAuditedTier)pods.All[0].Engine.LoopOf(TierSet.Postgres)!.Link.Tier).Audit!;
            return await store.ListConflictsAsync(10, CancellationToken.None) is { Count: > 0 } notes
                && notes.All(note => note.Strategy == strategy && (isRight?.Invoke(note) ?? note.Winner > note.Loser) && note.Item.AsSpan().SequenceEqual("a"u8));
        },
        () => $"no note of a conflict settled by {strategy}");
}
