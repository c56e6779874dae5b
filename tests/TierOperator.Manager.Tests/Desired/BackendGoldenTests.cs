using System.Text.Json.Nodes;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Desired.Redis;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Desired;

/// <summary>Folders of a policy and the exact objects that it becomes.</summary>
public sealed class BackendGoldenTests
{
    public static TheoryData<string> Cases => [.. Golden.Cases("Backends")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void For_GoldenPolicy_GivesTheExactObjects(string name)
    {
        var policy = TestPolicies.Read(File.ReadAllText(Golden.PathOf("Backends", name, "policy.yaml")));
        var (settings, tiers) = (new BackendSettings(), policy.Spec.Tiers!);
        var objects = new JsonArray();
        if (tiers.Redis?.Managed is { } redis) foreach (var item in RedisObjects.For(new RedisPlan(policy, redis, settings))) objects.Add(item);
        if (tiers.Postgres?.Managed is { } postgres) foreach (var item in PostgresObjects.For(new PostgresPlan(policy, postgres, settings))) objects.Add(item);
        if (tiers.Postgres?.CloudNativePG is { } cloud) objects.Add(CloudNativeCluster.For(policy, cloud));

        // The scripts stand in files of their own, and run in tests of their own.
        foreach (var item in objects)
            foreach (var script in (item!["data"] as JsonObject ?? []).Select(entry => entry.Key).Where(key => key.EndsWith(".sh", StringComparison.Ordinal)).ToList())
                item["data"]![script] = "…";
        Golden.Compare("Backends", name, "objects.json", objects);
    }
}
