using System.Text.Json.Nodes;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Desired.Redis;

/// <summary>Every object of a managed Redis but its Secret, which is generated once and never computed again.</summary>
internal static class RedisObjects
{
    public static IEnumerable<JsonObject> For(RedisPlan plan)
    {
        var policy = plan.Policy;
        yield return BackendPod.ConfigMap(policy, plan.Name, RedisPlan.Component, Files(plan));
        yield return BackendPod.Service(policy, plan.Name, RedisPlan.Component, RedisPlan.Port, isHeadless: false);
        yield return BackendPod.Service(policy, plan.Name, RedisPlan.Component, RedisPlan.Port, isHeadless: true);
        yield return Servers(plan);
        yield return BackendPod.DisruptionBudget(policy, plan.Name, RedisPlan.Component);
        yield return BackendPod.NetworkPolicy(policy, plan.Name, RedisPlan.Component,
            plan.Topology == RedisTopology.Cluster ? [RedisPlan.Port, RedisPlan.BusPort] : [RedisPlan.Port]);
        if (plan.Topology == RedisTopology.Replicated)
            foreach (var sentinel in Sentinels(plan)) yield return sentinel;
        if (plan.Topology == RedisTopology.Cluster) yield return Formation(plan);
    }

    /// <summary>The address that the policy's pods get.</summary>
    public static string Url(RedisPlan plan, string password)
    {
        var user = $"tier:{Uri.EscapeDataString(password)}";
        var scheme = plan.HasTls ? "rediss" : "redis";
        if (plan.Topology != RedisTopology.Replicated)
            return $"{scheme}://{user}@{plan.Name}.{plan.Policy.Namespace}.svc.{plan.Settings.ClusterDomain}:{RedisPlan.Port}";
        var hosts = string.Join(',', Enumerable.Range(0, RedisPlan.Sentinels).Select(node => $"{plan.SentinelHost(node)}:{RedisPlan.SentinelPort}"));
        return $"{scheme}+sentinel://{user}@{hosts}/{RedisPlan.MasterName}";
    }

    private static IEnumerable<(string, string)> Files(RedisPlan plan)
    {
        yield return ("redis.conf", RedisConfiguration.Server(plan));
        yield return ScriptFile.Read("redis-start.sh");
        yield return ScriptFile.Read("redis-ping.sh");
        if (plan.Topology == RedisTopology.Cluster) yield return ScriptFile.Read("redis-form.sh");
        if (plan.Topology != RedisTopology.Replicated) yield break;
        yield return ("sentinel.conf", RedisConfiguration.Sentinel(plan));
        yield return ScriptFile.Read("sentinel-start.sh");
        yield return ScriptFile.Read("sentinel-ping.sh");
    }

    private static JsonObject Servers(RedisPlan plan)
    {
        var environment = new JsonArray(
            BackendPod.FromPod("POD_NAME", "metadata.name"), BackendPod.FromPod("POD_IP", "status.podIP"),
            BackendPod.Variable("HOST", $"$(POD_NAME).{plan.Name}-nodes.{plan.Policy.Namespace}.svc.{plan.Settings.ClusterDomain}"),
            BackendPod.Variable("NODES", Nodes(plan)));
        if (plan.Topology == RedisTopology.Replicated) environment.Add(BackendPod.Variable("SENTINEL", $"{plan.SentinelService}:{RedisPlan.SentinelPort}"));
        if (plan.Topology == RedisTopology.Cluster) environment.Add(BackendPod.Variable("CLUSTER", "yes"));
        AddTls(environment, plan);
        var container = BackendPod.Container("redis", plan.Image, "redis-start.sh", environment);
        container["ports"] = Ports(("redis", RedisPlan.Port));
        container["readinessProbe"] = BackendPod.Probe("redis-ping.sh", 5, 3);
        container["livenessProbe"] = BackendPod.Probe("redis-ping.sh", 10, 6);

        // A snapshot or a full sync forks: what is written meanwhile is copied.
        container["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "100m", ["memory"] = BackendPod.Text(plan.MemoryBytes) },
            ["limits"] = new JsonObject { ["memory"] = BackendPod.Text((plan.HasDisk || plan.Replicas > 0 ? plan.MemoryBytes * 2 : plan.MemoryBytes / 4 * 5) + (64 << 20)) },
        };
        var pod = BackendPod.Spec(plan.Name, RedisPlan.User, container);
        var set = BackendPod.StatefulSet(plan.Policy, plan.Name, RedisPlan.Component, plan.Nodes, pod);
        var size = plan.Document.Storage!.Value.ToString();
        if (plan.HasDisk) set["spec"]!["volumeClaimTemplates"] = new JsonArray(BackendPod.Claim(plan.Policy, RedisPlan.Component, size));
        else ((JsonArray)pod["volumes"]!).Add(BackendPod.EmptyData(size));
        return set;
    }

    private static IEnumerable<JsonObject> Sentinels(RedisPlan plan)
    {
        var policy = plan.Policy;
        var environment = new JsonArray(
            BackendPod.FromPod("POD_NAME", "metadata.name"),
            BackendPod.Variable("HOST", $"$(POD_NAME).{plan.SentinelName}-nodes.{policy.Namespace}.svc.{plan.Settings.ClusterDomain}"),
            BackendPod.Variable("NODES", Nodes(plan)),
            BackendPod.Variable("SENTINEL", $"{plan.SentinelService}:{RedisPlan.SentinelPort}"));
        AddTls(environment, plan);
        var container = BackendPod.Container("sentinel", plan.Image, "sentinel-start.sh", environment);
        container["ports"] = Ports(("sentinel", RedisPlan.SentinelPort));
        container["readinessProbe"] = BackendPod.Probe("sentinel-ping.sh", 5, 3);
        container["livenessProbe"] = BackendPod.Probe("sentinel-ping.sh", 10, 6);
        container["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "20m", ["memory"] = "32Mi" },
            ["limits"] = new JsonObject { ["memory"] = "64Mi" },
        };
        var pod = BackendPod.Spec(plan.Name, RedisPlan.User, container);
        ((JsonArray)pod["volumes"]!).Add(BackendPod.EmptyData("16Mi"));
        yield return BackendPod.Service(policy, plan.SentinelName, RedisPlan.SentinelComponent, RedisPlan.SentinelPort, isHeadless: false);
        yield return BackendPod.Service(policy, plan.SentinelName, RedisPlan.SentinelComponent, RedisPlan.SentinelPort, isHeadless: true);
        yield return BackendPod.StatefulSet(policy, plan.SentinelName, RedisPlan.SentinelComponent, RedisPlan.Sentinels, pod);
        yield return BackendPod.DisruptionBudget(policy, plan.SentinelName, RedisPlan.SentinelComponent);
        yield return BackendPod.NetworkPolicy(policy, plan.SentinelName, RedisPlan.SentinelComponent, RedisPlan.SentinelPort);
    }

    /// <summary>A Job's template cannot change, so the size stands in its name: a grown cluster gets a Job of its own.</summary>
    public static string FormationName(RedisPlan plan) => $"{plan.Name}-form-{plan.Shards}-{plan.Replicas}";

    private static JsonObject Formation(RedisPlan plan)
    {
        var job = OwnedObject.Of(plan.Policy, "batch/v1", "Job", FormationName(plan), RedisPlan.Component);
        var environment = new JsonArray(
            BackendPod.Variable("NODES", Nodes(plan)), BackendPod.Variable("SHARDS", BackendPod.Text(plan.Shards)),
            BackendPod.Variable("REPLICAS", BackendPod.Text(plan.Replicas)));
        AddTls(environment, plan);
        var pod = BackendPod.Spec(plan.Name, RedisPlan.User, BackendPod.Container("form", plan.Image, "redis-form.sh", environment));
        ((JsonArray)pod["volumes"]!).Add(BackendPod.EmptyData("16Mi"));
        pod["restartPolicy"] = "OnFailure";
        job["spec"] = new JsonObject
        {
            ["backoffLimit"] = 100,
            ["template"] = new JsonObject
            {
                // Not the servers' component: their Services must not send clients here.
                ["metadata"] = new JsonObject { ["labels"] = OwnedObject.Labels(plan.Policy, "redis-form") },
                ["spec"] = pod,
            },
        };
        return job;
    }

    private static string Nodes(RedisPlan plan) => string.Join(' ', Enumerable.Range(0, plan.Nodes).Select(node => $"{plan.Host(node)}:{RedisPlan.Port}"));

    private static void AddTls(JsonArray environment, RedisPlan plan)
    {
        if (plan.HasTls) environment.Add(BackendPod.Variable("TLS", "yes"));
    }

    private static JsonArray Ports(params (string Name, int Port)[] ports) =>
        new([.. ports.Select(port => new JsonObject { ["name"] = port.Name, ["containerPort"] = port.Port, ["protocol"] = "TCP" })]);
}
