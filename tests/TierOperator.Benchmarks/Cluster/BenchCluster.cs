using System.Net;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Storage;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Policies;

namespace TierOperator.Benchmarks.Cluster;

/// <summary>
/// An API server of this process with policies and pods in it: ten policies and a hundred pods a namespace, each pod injected
/// as the webhook would have done, each tenth policy with a managed Redis.
/// </summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private const int PoliciesPerNamespace = 10;
    private const int PodsPerPolicy = 10;
    private static readonly InjectionSettings Settings = new("tier:1", null, NativeSidecars: true, "tier-system");
    private readonly List<ObjectKey> policies = [];

    private BenchCluster(FakeApiServer server, SidecarSwarm swarm) => (Server, Swarm) = (server, swarm);

    public FakeApiServer Server { get; }
    public SidecarSwarm Swarm { get; }
    public IReadOnlyList<ObjectKey> Policies => policies;
    public int Pods => policies.Count * PodsPerPolicy;

    public static async Task<BenchCluster> StartAsync(int policies)
    {
        var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { CustomResources = [PolicyCatalog.Type] });
        var cluster = new BenchCluster(server, await SidecarSwarm.StartAsync());
        server.AddNamespace("tier-system");
        for (var place = 0; place < policies; place++) cluster.Add(place);
        return cluster;
    }

    /// <summary>Changes a Live field, as a person would; answers the revision that pods are to run.</summary>
    public string Change(ObjectKey key, int minutes)
    {
        var body = (JsonObject)Server.Find(PolicyCatalog.Type, key)!.DeepClone();
        body["spec"]!["tiers"]!["memory"]!["ttl"] = $"{minutes}m";
        var stored = Server.Put(PolicyCatalog.Type, body);
        var revision = Read(stored).Compiled!.Revision;
        Swarm.Acknowledge(key, revision);
        return revision;
    }

    /// <summary>Whether the policy's newest form is published and its status says so.</summary>
    public bool IsReconciled(ObjectKey key)
    {
        var policy = Server.Find(PolicyCatalog.Type, key)!;
        return policy["status"]?["observedGeneration"]?.ToString() == policy["metadata"]!["generation"]!.ToString()
            && Server.Find(ResourceTypes.ConfigMaps, new ObjectKey(key.Namespace, $"{key.Name}-tier")) is not null;
    }

    /// <summary>Whether all pods of the policy have said that they run it.</summary>
    public bool IsProgrammed(ObjectKey key) =>
        Server.Find(PolicyCatalog.Type, key)!["status"]?["pods"]?["current"]?.GetValue<int>() == PodsPerPolicy;

    /// <summary>Whether stable or candidate is of this revision.</summary>
    public bool IsPublished(ObjectKey key, string revision)
    {
        var data = Server.Find(ResourceTypes.ConfigMaps, new ObjectKey(key.Namespace, $"{key.Name}-tier"))?["data"];
        return IsOf(data?["candidate"], revision) || IsOf(data?["stable"], revision);
    }

    public static JsonObject Pod(ObjectKey policy, string name) => (JsonObject)JsonNode.Parse($$$"""
        {"apiVersion": "v1", "kind": "Pod",
         "metadata": {"name": "{{{name}}}", "namespace": "{{{policy.Namespace}}}", "labels": {"app": "{{{policy.Name}}}", "tieroperator.io/inject": "true", "pod-template-hash": "6d4cf56db6"},
          "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "{{{policy.Name}}}-6d4cf56db6", "uid": "{{{Guid.NewGuid()}}}", "controller": true}],
          "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "fieldsV1": {{{Padding(1500)}}}}]},
         "spec": {"containers": [{"name": "app", "image": "registry.example/app:1.2.3", "ports": [{"containerPort": 8080}], "env": {{{Environment()}}}}],
          "volumes": [{"name": "config", "configMap": {"name": "app"}}], "serviceAccountName": "app", "nodeName": "node-17",
          "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]}}
        """)!;

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Swarm.DisposeAsync();
    }

    private void Add(int place)
    {
        var key = new ObjectKey($"team-{place / PoliciesPerNamespace}", $"app-{place % PoliciesPerNamespace}");
        if (place % PoliciesPerNamespace == 0) Server.AddNamespace(key.Namespace);
        var stored = Server.Put(PolicyCatalog.Type, Policy(key, place % PoliciesPerNamespace == 0));
        var policy = Read(stored);
        policies.Add(key);
        Swarm.Acknowledge(key, policy.Compiled!.Revision);
        for (var pod = 0; pod < PodsPerPolicy; pod++) AddPod(policy, key, $"{key.Name}-{pod}", (place * PodsPerPolicy) + pod);
    }

    private void AddPod(PolicyObject policy, ObjectKey key, string name, int number)
    {
        var pod = Pod(key, name);
        var injected = (JsonObject)JsonPatches.Apply(pod.DeepClone(), PodInjector.Inject(new InjectionRequest(pod, key.Namespace, false), [policy], Settings).Patch);
        var address = new IPAddress([127, (byte)(1 + (number >> 16)), (byte)(number >> 8), (byte)number]);
        injected["status"] = new JsonObject { ["phase"] = "Running", ["podIP"] = address.ToString() };
        Server.Put(ResourceTypes.Pods, injected);
        Swarm.Place(address, key);
    }

    private JsonObject Policy(ObjectKey key, bool isManaged) => (JsonObject)JsonNode.Parse($$$"""
        {"apiVersion": "tieroperator.io/v1alpha1", "kind": "TierPolicy", "metadata": {"name": "{{{key.Name}}}", "namespace": "{{{key.Namespace}}}"},
         "spec": {"selector": {"matchLabels": {"app": "{{{key.Name}}}"}}, "sidecar": {"ports": {"admin": {{{Swarm.Port}}}}},
          "tiers": {"memory": {"capacity": "256Mi", "ttl": "5h"}, "spillover": {"capacity": "1Gi"}{{{(isManaged ? """, "redis": {"managed": {"topology": "Standalone"}}""" : "")}}}},
          "rules": [{"name": "chats", "match": {"sessions": ["chat:*"]}, "ack": "Disk"}, {"name": "carts", "match": {"sessions": ["cart:*"]}, "ttl": {"memory": "1h"}}]}}
        """)!;

    // As it comes over the wire.
    private static PolicyObject Read(StoredObject stored) => PolicyObject.Read(JsonNode.Parse(stored.Utf8(false))!);

    private static bool IsOf(JsonNode? snapshot, string revision) =>
        snapshot is not null && TierOperator.Policy.PolicyLoader.Load(snapshot.GetValue<string>()).Policy?.Revision == revision;

    private static string Environment() =>
        new JsonArray([.. Enumerable.Range(0, 20).Select(number => new JsonObject { ["name"] = $"SETTING_NUMBER_{number}", ["value"] = $"value-{number}-of-this-deployment" })]).ToJsonString();

    private static string Padding(int bytes) =>
        new JsonObject(Enumerable.Range(0, bytes / 20).Select(number => KeyValuePair.Create($"f:field-number-{number}", (JsonNode?)new JsonObject()))).ToJsonString();
}
