namespace TierOperator.Sidecar.Tests.Running;

/// <summary>Policies that tests run under.</summary>
internal static class Policies
{
    public const string MemoryAndDisk = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: test}
        spec:
          tiers:
            memory: {capacity: 128Mi, maxItemsPerSession: 100}
            spillover: {capacity: 512Mi}
          rules:
            - name: chats
              match: {sessions: ["chat:*"]}
              dataCategory: chat
          retention:
            - {dataCategory: chat, maxCount: 1, action: Delete}
        """;

    public const string MemoryOnly = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: small}
        spec:
          tiers:
            memory: {capacity: 64Mi}
        """;

    public const string Encrypted = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: secret}
        spec:
          tiers:
            memory: {capacity: 64Mi}
            spillover: {capacity: 256Mi, encryption: {keySecretRef: {name: keys}}}
        """;

    public const string Faulty = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: test}
        spec:
          tiers:
            memory: {capacty: 64Mi}
        """;
}
