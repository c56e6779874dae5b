using System.Text.Json.Nodes;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Tests.TestSupport;

internal static class TestPolicies
{
    public const string MemoryAndDisk = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat, namespace: shop, uid: 11111111-1111-4111-8111-111111111111, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z"}
        spec:
          selector: {matchLabels: {app: chat}}
          tiers:
            memory: {capacity: 256Mi}
            spillover: {capacity: 1Gi}
        """;

    public const string ManagedRedis = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat, namespace: shop}
        spec:
          selector: {matchLabels: {app: chat}}
          deletionPolicy: Delete
          tiers:
            memory: {}
            redis: {managed: {topology: Replicated, persistence: AppendOnly}}
        """;

    public static PolicyObject Chat { get; } = Read(MemoryAndDisk);

    public static PolicyObject Read(string yaml) => PolicyObject.Read(Golden.Yaml(yaml));

    public static PolicyObject Named(string name, string created, string selects = "app: chat") =>
        Read(MemoryAndDisk.Replace("name: chat,", $"name: {name},").Replace("2026-01-01", created).Replace("app: chat", selects));

    public static JsonObject Node(string yaml) => (JsonObject)Golden.Yaml(yaml);
}
