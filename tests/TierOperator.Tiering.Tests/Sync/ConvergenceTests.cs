using System.Globalization;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Three sidecars over the same tiers, which come and go: when all is well again, all of them tell the same.</summary>
public sealed class ConvergenceTests(ITestOutputHelper output)
{
    private const int Sessions = 6;
    private static readonly string[] s_items = ["a", "b", "c"];

    [Theory]
    [InlineData("write: Through, ack: Disk")]
    [InlineData("write: Behind, ack: Disk")]
    public async Task Pods_AfterRandomWritesAndFaults_Agree(string rule)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (redis, postgres) = (new ModelTier(TierSet.Redis), new ModelTier(TierSet.Postgres));
        await using var one = new SharedHarness(rule, redis, postgres, node: 1);
        await using var two = new SharedHarness(rule, redis, postgres, node: 2);
        await using var three = new SharedHarness(rule, redis, postgres, node: 3);
        SharedHarness[] pods = [one, two, three];

        for (var step = 0; step < 600; step++) await StepAsync(pods, redis, postgres, random, step);
        (redis.IsAway, postgres.IsAway) = (false, false);
        redis.SkipAnnouncements();

        await Eventually.HoldsAsync(() => pods.All(pod => pod.Engine.Status().Tiers.All(tier => tier.BacklogSessions == 0)), () => "the backlog never went");
        await Eventually.HoldsAsync(async () => (await ViewsAsync(pods)).Distinct().Count() == 1, () => "the pods tell different things");
    }

    private static async Task StepAsync(SharedHarness[] pods, ModelTier redis, ModelTier postgres, Random random, int step)
    {
        var pod = pods[random.Next(pods.Length)];
        var session = "s" + random.Next(Sessions);
        var item = s_items[random.Next(s_items.Length)];
        switch (random.Next(20))
        {
            case 0: redis.IsAway = !redis.IsAway; break;
            case 1: postgres.IsAway = !postgres.IsAway; break;
            case 2: redis.Forget(); break;
            case 3: await pod.DeleteAsync(session); break;
            case 4 or 5: await pod.Engine.DeleteItemAsync(SharedHarness.Key(session), SharedHarness.Key(item), default, CancellationToken.None); break;
            case 6 or 7 or 8: await pod.ReadAsync(session, item); break;
            case 9: await pod.Engine.EvictAsync(SharedHarness.Key(session), CancellationToken.None); break;
            default: await pod.PutAsync(session, item, step.ToString(CultureInfo.InvariantCulture)); break;
        }
    }

    private static async Task<string[]> ViewsAsync(SharedHarness[] pods)
    {
        var views = new List<string>();
        foreach (var pod in pods)
        {
            var view = new StringBuilder();
            for (var session = 0; session < Sessions; session++)
                foreach (var item in s_items) view.Append(CultureInfo.InvariantCulture, $"s{session}.{item}={await pod.ValueAsync("s" + session, item)};");
            views.Add(view.ToString());
        }

        return [.. views];
    }
}
