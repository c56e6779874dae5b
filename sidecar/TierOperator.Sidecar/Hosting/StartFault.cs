using System.Text.Json.Nodes;

namespace TierOperator.Sidecar.Hosting;

/// <summary>Why a start or a command is refused: one clear text for standard error, and the exit code.</summary>
internal sealed class StartFault(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>The problem document that a running sidecar answered with; null where it was none.</summary>
    public JsonNode? Problem { get; init; }

    /// <summary>True where others may fare better: the session is gone by now, or its rule forbids the move.</summary>
    public bool IsAboutTheSession => Problem?["status"]?.GetValue<int>() is 404 or 422;
}
