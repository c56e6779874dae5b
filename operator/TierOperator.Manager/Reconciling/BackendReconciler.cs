using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Desired.Redis;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Statuses;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// Runs the backends that the policy asks for, and fills the Secret that its pods mount: where they are, as whom, and whom
/// to trust there. The entries are redis.url, redis.ca.crt and so on.
/// </summary>
internal sealed class BackendReconciler(KubeClient client, ObjectApplier applier, OwnedObjects owned, GeneratedSecrets secrets, PostgresRestores restores, BackendSettings settings)
{
    private static readonly string[] s_files = ["url", "ca.crt", "tls.crt", "tls.key"];
    private readonly StorageGrowth _growth = new(client, owned);
    private static readonly Dictionary<string, ResourceType> s_types = new(StringComparer.Ordinal)
    {
        ["ConfigMap"] = ResourceTypes.ConfigMaps, ["Service"] = ResourceTypes.Services, ["StatefulSet"] = ResourceTypes.StatefulSets,
        ["PodDisruptionBudget"] = ResourceTypes.PodDisruptionBudgets, ["NetworkPolicy"] = ResourceTypes.NetworkPolicies,
        ["Job"] = ResourceTypes.Jobs, ["CronJob"] = ResourceTypes.CronJobs, ["PersistentVolumeClaim"] = ResourceTypes.PersistentVolumeClaims,
    };

    public async Task<BackendOutcome> ReconcileAsync(PolicyObject policy, CancellationToken cancellationToken)
    {
        if (policy.Running is null) return new BackendOutcome([], [], false);
        var work = new Work(policy, cancellationToken);
        var tiers = policy.RunningSpec.Tiers!;
        if (tiers.Spillover?.Encryption?.KeySecretRef?.Name is { } keys) await LookForAsync(work, "spillover", keys, "current");
        if (tiers.Redis?.External?.SecretRef?.Name is { } redis) await CopyAsync(work, "redis", redis);
        if (tiers.Redis?.Managed is { } managedRedis) await RunAsync(work, new RedisPlan(policy, managedRedis, settings));
        if (tiers.Postgres?.External?.SecretRef?.Name is { } postgres) await CopyAsync(work, "postgres", postgres);
        if (tiers.Postgres?.Managed is { } managedPostgres) await RunAsync(work, new PostgresPlan(policy, managedPostgres, settings));
        if (tiers.Postgres?.CloudNativePG is { } cloud) await RunAsync(work, cloud);
        if (work.Mounted.Count > 0 && await applier.ApplyAsync(ResourceTypes.Secrets, PolicyObjects.Secret(policy, work.Mounted), cancellationToken) is { } held) work.Held.Add(held);
        return new BackendOutcome(work.States, work.Held, work.ReadsUserSecrets);
    }

    private async Task RunAsync(Work work, RedisPlan plan)
    {
        IReadOnlyList<string> hosts = plan.HasTls ? Hosts(plan) : [];
        var secret = await secrets.EnsureAsync(work.Policy, plan.Name, RedisPlan.Component, hosts, work.Token);
        await ApplyAllAsync(work, RedisObjects.For(plan));
        work.Mounted["redis.url"] = Encoding.UTF8.GetBytes(RedisObjects.Url(plan, Encoding.UTF8.GetString(secret["password"])));
        if (secret.TryGetValue("ca.crt", out var authority)) work.Mounted["redis.ca.crt"] = authority;
        work.States.Add(plan.Topology == RedisTopology.Cluster && !IsFormed(plan) && IsUp(work, plan.Name) is { IsReady: true }
            ? new BackendState("redis", false, "Forming", "the nodes are up and become one cluster")
            : IsUp(work, plan.Name) with { Name = "redis" });
    }

    private async Task RunAsync(Work work, PostgresPlan plan)
    {
        IReadOnlyList<string> hosts = plan.HasTls ? [plan.Host, $"{plan.Name}.{plan.Policy.Namespace}.svc", "localhost", "127.0.0.1"] : [];
        var secret = await secrets.EnsureAsync(work.Policy, plan.Name, PostgresPlan.Component, hosts, work.Token);
        var restoring = await restores.NextAsync(plan, work.Token);
        await ApplyAllAsync(work, PostgresObjects.For(plan with { IsStopped = restoring is not null }));
        work.Mounted["postgres.url"] = Encoding.UTF8.GetBytes(plan.Url(Encoding.UTF8.GetString(secret["password"])));
        if (secret.TryGetValue("ca.crt", out var authority)) work.Mounted["postgres.ca.crt"] = authority;
        work.States.Add(restoring ?? IsUp(work, plan.Name) with { Name = "postgres" });
    }

    // That operator makes the database, the user and a Secret with the address, named after the Cluster.
    private async Task RunAsync(Work work, CloudNativePostgresDocument document)
    {
        if (!owned.Has(CloudNativeCluster.Type))
        {
            work.States.Add(new BackendState("postgres", false, "OperatorMissing", "this server has no kind Cluster of postgresql.cnpg.io: install CloudNativePG, then restart this operator"));
            return;
        }

        var name = CloudNativeCluster.NameOf(work.Policy);
        if (await applier.ApplyAsync(CloudNativeCluster.Type, CloudNativeCluster.For(work.Policy, document), work.Token) is { } held) work.Held.Add(held);
        work.ReadsUserSecrets = true;
        var secret = await client.GetAsync(ResourceTypes.Secrets, new ObjectKey(work.Policy.Namespace, $"{name}-app"), work.Token);
        var uri = secret is null ? null : GeneratedSecrets.Entries(secret).GetValueOrDefault("uri");
        if (uri is not null) work.Mounted["postgres.url"] = uri;
        work.States.Add(uri is null
            ? new BackendState("postgres", false, "Starting", $"the Cluster {name} has no Secret {name}-app yet")
            : new BackendState("postgres", true, "Ready", $"the Cluster {name} is up"));
    }

    private async Task ApplyAllAsync(Work work, IEnumerable<JsonObject> objects)
    {
        foreach (var item in objects)
        {
            var type = s_types[item["kind"]!.GetValue<string>()];

            // An older server lacks a kind, a budget say: the rest does not wait for it.
            if (!owned.Has(type))
            {
                work.Missing.Add(type.Kind);
                continue;
            }

            if (type == ResourceTypes.StatefulSets) await _growth.GrowAsync(work.Policy, item, work.Token);
            if (await applier.ApplyAsync(type, item, work.Token) is { } held) work.Held.Add(held);
        }
    }

    private BackendState IsUp(Work work, string name)
    {
        var set = owned.Find(ResourceTypes.StatefulSets, new ObjectKey(work.Policy.Namespace, name));
        if (set is null) return new BackendState(name, false, "Creating", "the StatefulSet is being made");
        var wanted = JsonFields.Number(JsonFields.Object(set.Body, "spec"), "replicas") ?? 1;
        var ready = JsonFields.Number(JsonFields.Object(set.Body, "status"), "readyReplicas") ?? 0;
        var lacking = work.Missing.Count == 0 ? "" : $"; this server has no {string.Join(", ", work.Missing.Distinct())}, which is left out";
        return ready >= wanted
            ? new BackendState(name, true, "Ready", $"{ready} of {wanted} pods are ready{lacking}")
            : new BackendState(name, false, "Starting", $"{ready} of {wanted} pods are ready{lacking}");
    }

    private bool IsFormed(RedisPlan plan) =>
        owned.Find(ResourceTypes.Jobs, new ObjectKey(plan.Policy.Namespace, RedisObjects.FormationName(plan))) is { } job
        && JsonFields.Number(JsonFields.Object(job.Body, "status"), "succeeded") > 0;

    private async Task CopyAsync(Work work, string backend, string name)
    {
        if (await LookForAsync(work, backend, name, "url") is not { } entries) return;
        foreach (var file in s_files)
            if (entries.TryGetValue(file, out var value)) work.Mounted[$"{backend}.{file}"] = value;
    }

    private async Task<IReadOnlyDictionary<string, byte[]>?> LookForAsync(Work work, string backend, string name, string needed)
    {
        work.ReadsUserSecrets = true;
        var secret = await client.GetAsync(ResourceTypes.Secrets, new ObjectKey(work.Policy.Namespace, name), work.Token);
        if (secret is null)
        {
            work.States.Add(new BackendState(backend, false, "SecretMissing", $"there is no Secret \"{name}\": create it; it is looked for every 30 s"));
            return null;
        }

        var entries = GeneratedSecrets.Entries(secret);
        work.States.Add(entries.ContainsKey(needed)
            ? new BackendState(backend, true, "Ready", $"the Secret \"{name}\" is mounted")
            : new BackendState(backend, false, "SecretIncomplete", $"the Secret \"{name}\" has no entry \"{needed}\": add it"));
        return entries;
    }

    private static IReadOnlyList<string> Hosts(RedisPlan plan) =>
    [
        $"{plan.Name}.{plan.Policy.Namespace}.svc.{plan.Settings.ClusterDomain}", $"*.{plan.Name}-nodes.{plan.Policy.Namespace}.svc.{plan.Settings.ClusterDomain}",
        plan.SentinelService, $"*.{plan.SentinelName}-nodes.{plan.Policy.Namespace}.svc.{plan.Settings.ClusterDomain}", "localhost", "127.0.0.1",
    ];

    // What one reconciliation gathers.
    private sealed record Work(PolicyObject Policy, CancellationToken Token)
    {
        public Dictionary<string, byte[]> Mounted { get; } = new(StringComparer.Ordinal);
        public List<BackendState> States { get; } = [];
        public List<string> Held { get; } = [];
        public List<string> Missing { get; } = [];
        public bool ReadsUserSecrets { get; set; }
    }
}
