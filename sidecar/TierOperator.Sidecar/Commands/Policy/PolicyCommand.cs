using System.CommandLine;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary><c>tier policy …</c>: what can be told of a policy file without running it.</summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "Check, explain, compare and simulate policy files.")
    {
        LintCommand.Create(), ExplainCommand.Create(), DiffCommand.Create(), SimulateCommand.Create(),
    };
}
