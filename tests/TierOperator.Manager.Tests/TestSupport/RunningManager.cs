using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>A whole manager against a fake API server.</summary>
internal sealed class RunningManager : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly KubeClient _client;
    private readonly ManagerHost _host;
    private readonly Task<bool> _running;

    private RunningManager(FakeApiServer server, KubeClient client, ManagerHost host)
    {
        (Server, _client, _host) = (server, client, host);
        _running = host.RunAsync(_stop.Token);
    }

    public FakeApiServer Server { get; }

    public int HealthPort => _host.Health.Port;

    public int WebhookPort => _host.Webhooks.Port;

    public static async Task<FakeApiServer> StartServerAsync(params ResourceType[] without)
    {
        var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { CustomResources = [PolicyCatalog.Type], Without = without });
        server.AddNamespace("shop");
        server.AddNamespace("tier-system");
        return server;
    }

    public static async Task<RunningManager> StartAsync(FakeApiServer server, KubeClientOptions? patience = null)
    {
        var client = new KubeClient(server.Connection, patience);
        var options = new ManagerOptions { Namespace = "tier-system", Identity = "test", SidecarImage = "tier:1", WebhookPort = 0, HealthPort = 0 };
        var facts = await ClusterFacts.AskAsync(client, ManagerHost.Kinds, CancellationToken.None);
        return new RunningManager(server, client, new ManagerHost(client, options, facts, TimeProvider.System, NullLoggerFactory.Instance));
    }

    public void PutPolicy(string yaml)
    {
        var policy = TestPolicies.Node(yaml);
        ((JsonObject)policy["metadata"]!).Remove("uid");
        ((JsonObject)policy["metadata"]!).Remove("creationTimestamp");
        ((JsonObject)policy["metadata"]!).Remove("generation");
        Server.Put(PolicyCatalog.Type, policy);
    }

    public JsonObject? Policy(string name = "chat") => Server.Find(PolicyCatalog.Type, new ObjectKey("shop", name));

    public JsonObject? ConfigMap(string name = "chat-tier") => Server.Find(ResourceTypes.ConfigMaps, new ObjectKey("shop", name));

    public JsonNode? Condition(string type, string policy = "chat") =>
        (Policy(policy)?["status"]?["conditions"] as JsonArray ?? []).FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == type);

    public Task UntilAsync(string what, Func<bool> holds) => ScriptProcess.UntilAsync(() =>
        Task.FromResult((holds(), $"{what}; the policy: {Policy()?["status"]?.ToJsonString()}; the ConfigMap: {ConfigMap()?.ToJsonString()}")));

    public Task UntilConditionAsync(string type, string status, string reason) => UntilAsync($"{type}={status} {reason}",
        () => Condition(type) is { } condition && condition["status"]!.GetValue<string>() == status && condition["reason"]!.GetValue<string>() == reason);

    /// <summary>A running pod of the policy, as injection would have made it.</summary>
    public void PutPod(string name, FakeSidecar? sidecar, string shape = "", bool hasController = false)
    {
        var pod = TestPolicies.Node($$"""
            metadata:
              name: {{name}}
              namespace: shop
              labels: {app: chat, tieroperator.io/inject: "true"}
              annotations: {a: b}
            spec: {containers: [{name: app, image: app}]}
            status: {phase: Running, podIP: 127.0.0.1}
            """);
        if (sidecar is not null)
        {
            pod["metadata"]!["annotations"]![WellKnown.InjectedPolicy] = "chat";
            pod["metadata"]!["annotations"]![WellKnown.InjectedShape] = shape;
            pod["metadata"]!["labels"]![WellKnown.Owner] = "chat";
            ((JsonArray)pod["spec"]!["containers"]!).Add(TestPolicies.Node("{name: tier, image: tier, ports: [{name: tier-admin, containerPort: PORT}]}".Replace("PORT", $"{sidecar.Port}")));
        }

        if (hasController) pod["metadata"]!["ownerReferences"] = new JsonArray(TestPolicies.Node("{apiVersion: apps/v1, kind: ReplicaSet, name: chat, uid: u, controller: true}"));
        Server.Put(ResourceTypes.Pods, pod);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _host.DisposeAsync();
        _client.Dispose();
        await Server.DisposeAsync();
        _stop.Dispose();
    }
}
