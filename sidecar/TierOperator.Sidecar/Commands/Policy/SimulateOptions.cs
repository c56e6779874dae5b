namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>What <c>tier policy simulate</c> was asked. Sizes in bytes; Entries null to take them from the policy.</summary>
internal sealed record SimulateOptions(
    string PolicyFile, string TraceFile, bool All, int? Entries, int ItemBytes, int Limit, bool IsJson)
{
    public const int DefaultItemBytes = 1024;
}
