using System.CommandLine;
using TierOperator.Manager.Crds;

namespace TierOperator.Manager;

/// <summary>The command <c>tier-operator</c>.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => CreateRoot().Parse(args).InvokeAsync();

    public static RootCommand CreateRoot() => new("Gives the pods of a Kubernetes cluster a tiered store, by declaration.")
    {
        CrdCommand.Create(),
    };
}
