using System.Globalization;
using System.Text;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// Three sidecars over one real Redis and one real PostgreSQL, their clocks an hour apart, the ways between them cut again and again:
/// when all is well, all of them tell the same.
/// </summary>
public sealed class RealConvergenceTests(SharedServers servers, ITestOutputHelper output) : IClassFixture<SharedServers>
{
    private const int Sessions = 5;
    private static readonly string[] s_items = ["a", "b", "c"];

    [Theory]
    [InlineData("write: Through, ack: Disk")]
    [InlineData("write: Behind, ack: Disk")]
    public async Task Pods_AfterRandomWritesAndCuts_AgreeAndDeletesStay(string rule)
    {
        var random = Seeded();
        await using var pods = new Pods(servers.Anew(), rule);
        await pods.AreSettledAsync();

        for (var step = 0; step < 250; step++) await StepAsync(pods, random, step);
        pods.Mend();
        await pods.AreSettledAsync();
        await pods.AgreeAsync(Sessions, s_items);
        var last = pods.All.MaxBy(pod => pod.Time.GetUtcNow())!;
        for (var session = 0; session < Sessions; session++) await last.DeleteAsync($"s{session}");
        await pods.AreSettledAsync();

        Assert.Matches("^(s[0-9][.][abc]=-;)+$", await pods.AgreeAsync(Sessions, s_items));
    }

    [Fact]
    public async Task Delete_WhileAPodWithOlderWritesIsAway_Stays()
    {
        await using var pods = new Pods(servers.Anew(), "write: Behind, ack: Disk", skew: TimeSpan.Zero);
        await pods.AreSettledAsync();
        var (away, here) = (pods.All[0], pods.All[1]);
        await away.CutOffAsync();

        await away.PutAsync("s0", "a", "old");
        await here.PutAsync("s0", "a", "new");
        await here.DeleteAsync("s0");
        await here.SettledAsync();
        pods.Mend();
        await pods.AreSettledAsync();

        Assert.Equal("s0.a=-;", await pods.AgreeAsync(1, ["a"]));
    }

    [Fact]
    public async Task Write_OfAPodThatWasAwayForLongerThanDeletesAreRemembered_IsADeadLetter()
    {
        await using var pods = new Pods(servers.Anew(), "write: Behind, ack: Disk", skew: TimeSpan.Zero, sync: "interval: 100ms, tombstones: 1m");
        await pods.AreSettledAsync();
        var (away, here) = (pods.All[0], pods.All[1]);
        await away.CutOffAsync();

        await away.PutAsync("s0", "a", "old");
        await here.DeleteAsync("s0");
        foreach (var pod in pods.All) pod.Time.Advance(TimeSpan.FromMinutes(2));
        pods.Mend();
        await pods.AreSettledAsync();

        Assert.Equal(2, away.Engine.Status().DeadLetters);
        Assert.Equal("-", await here.ValueAsync("s0", "a"));
    }

    [Fact]
    public async Task Increments_OfThreePods_AreAllCounted()
    {
        const int Each = 1_000, Callers = 4;
        await using var pods = new Pods(servers.Anew(), "write: Behind, ack: Disk");
        await pods.AreSettledAsync();

        var unanswered = await Task.WhenAll(from pod in pods.All from caller in Enumerable.Range(0, Callers) select Task.Run(() => IncrementAsync(pod, Each / Callers)));
        await pods.AreSettledAsync();

        // None on most machines; on a loaded one an answer may come after its deadline, and the caller is told that it may have happened.
        output.WriteLine($"{unanswered.Sum()} increments whose answer did not come in time");
        var agreed = await pods.AgreeAsync(1, ["n"]);
        Assert.Contains(agreed, Enumerable.Range(3 * Each, unanswered.Sum() + 1).Select(static n => $"s0.n={n};"));
    }

    [Fact]
    public async Task Create_ByAllPodsAtOnce_HasOneWinner()
    {
        await using var pods = new Pods(servers.Anew(), "write: Behind, ack: Disk", timeoutMs: 10_000); // an answer that comes too late is a 503, whoever won
        await pods.AreSettledAsync();

        for (var session = 0; session < 50; session++)
        {
            var tries = await Task.WhenAll(pods.All.Select(pod => pod.PutAsync($"new{session}", "a", "x", new Precondition { MustNotExist = true }).AsTask()));

            Assert.Single(tries, static outcome => outcome.Succeeded);
            Assert.Equal(2, tries.Count(static outcome => outcome.Status == WriteStatus.PreconditionFailed));
        }
    }

    private static async Task<int> IncrementAsync(RealSidecar pod, int times)
    {
        var unanswered = 0;
        for (var done = 0; done < times;)
        {
            var outcome = await pod.Engine.MergeSessionAsync(
                "s0"u8.ToArray(), static present => new SessionChange([new ItemWrite("n"u8.ToArray(), "text/plain", ItemValue.From(NextOf(present)))], []), default, CancellationToken.None);
            if (outcome.Succeeded) done++;
            else Assert.Equal(WriteStatus.Unavailable, outcome.Status); // others were quicker too often: it says so, and nothing was written
            if (outcome.MayHaveHappened) unanswered++;
        }

        return unanswered;
    }

    private static byte[] NextOf(SessionSnapshot? present)
    {
        var number = present is null || present.Items.Count == 0 ? 0 : int.Parse(Encoding.UTF8.GetString(present.Items[0].Value.ToArray()), CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes((number + 1).ToString(CultureInfo.InvariantCulture));
    }

    private static async Task StepAsync(Pods pods, Random random, int step)
    {
        var pod = pods.All[random.Next(pods.All.Count)];
        var (session, item) = ($"s{random.Next(Sessions)}", s_items[random.Next(s_items.Length)]);
        switch (random.Next(20))
        {
            case 0: pod.ToRedis.IsShut = !pod.ToRedis.IsShut; break;
            case 1: pod.ToPostgres.IsShut = !pod.ToPostgres.IsShut; break;
            case 2 or 3: await pod.DeleteAsync(session); break;
            case 4: await pod.Engine.EvictAsync(Encoding.UTF8.GetBytes(session), CancellationToken.None); break;
            case 5 or 6: await pod.ValueAsync(session, item); break;
            default: await pod.PutAsync(session, item, (step + 1).ToString(CultureInfo.InvariantCulture)); break;
        }
    }

    private Random Seeded()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
