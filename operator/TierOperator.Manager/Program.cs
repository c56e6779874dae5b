using System.CommandLine;
using TierOperator.Manager.Commands;
using TierOperator.Manager.Crds;

namespace TierOperator.Manager;

/// <summary>The command <c>tier-operator</c>.</summary>
internal static class Program
{
    // `run` stops in its own order: work first, then the Lease; ten seconds are enough for what is under way.
    public static Task<int> Main(string[] args) =>
        CreateRoot().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });

    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("Gives the pods of a Kubernetes cluster a tiered store, by declaration.") { RunCommand.Create(), CrdCommand.Create() };
        foreach (var command in PluginCommands.Create()) root.Subcommands.Add(command);
        return root;
    }
}
