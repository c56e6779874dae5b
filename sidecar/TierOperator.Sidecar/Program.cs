using System.CommandLine;
using TierOperator.Sidecar.Commands.Policy;

namespace TierOperator.Sidecar;

internal static class Program
{
    /// <summary>What was not understood is told apart from what a command found: 2, as when a file cannot be read.</summary>
    public static async Task<int> Main(string[] args)
    {
        var root = new RootCommand("A tiered store for sessions and cached data, by declaration.") { PolicyCommand.Create() };
        var parsed = root.Parse(args);
        var code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? 2 : code;
    }
}
