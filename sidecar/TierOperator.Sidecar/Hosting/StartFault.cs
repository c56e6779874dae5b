namespace TierOperator.Sidecar.Hosting;

/// <summary>Why a start is refused: one clear text for standard error, and the exit code.</summary>
internal sealed class StartFault(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
