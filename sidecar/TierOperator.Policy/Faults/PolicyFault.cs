namespace TierOperator.Policy.Faults;

/// <summary>Whether a policy is refused.</summary>
public enum PolicySeverity { Fault, Warning }

/// <summary>
/// One thing wrong with a policy document. Line and column count from 1; 0 where there is no text. The path is empty
/// for the document as a whole.
/// </summary>
public sealed record PolicyFault(
    string Code, PolicySeverity Severity, string Path, int Line, int Column, string Message, string Help)
{
    public override string ToString() =>
        $"{Line}:{Column} {(Severity == PolicySeverity.Fault ? "error" : "warning")} {Code}{(Path.Length == 0 ? "" : " " + Path)}: {Message}; {Help}";
}
