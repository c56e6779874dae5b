namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Policies that Redis clients are tested under.</summary>
internal static class RespPolicies
{
    public static string Of(string name) => name switch { "memory" => Memory, "disk" => MemoryAndDisk, "spilled" => Spilled, _ => Cold };

    public const string Memory = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: test}
        spec:
          tiers:
            memory: {capacity: 128Mi}
        """;

    /// <summary>Every key lives on disk alone: each command goes the long way.</summary>
    public const string Cold = MemoryAndDisk + """

          rules:
            - {name: cold, match: {sessions: ["*"]}, tiers: [spillover]}
        """;

    /// <summary>Memory for a tenth of what <see cref="SpillPressure"/> writes.</summary>
    public const string Spilled = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: test}
        spec:
          tiers:
            memory: {capacity: 2Mi}
            spillover: {capacity: 512Mi}
        """;

    public const string MemoryAndDisk = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: test}
        spec:
          tiers:
            memory: {capacity: 128Mi}
            spillover: {capacity: 512Mi}
        """;
}
