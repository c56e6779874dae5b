using System.CommandLine;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks;

internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        var output = new Option<string>("--output") { Description = "table, json or markdown", Recursive = true, DefaultValueFactory = _ => Report.Table };
        output.AcceptOnlyFromAmong(Report.Table, Report.Json, Report.Markdown);
        var root = new RootCommand("Measures TierOperator's sidecar: load over HTTP, and every number of docs/benchmarks.md.") { output, LoadCommand.Create(output), BareCommand.Create(), BareProxyCommand.Create(), MicroCommand.Create() };
        foreach (var command in TargetCommands.Create(output)) root.Add(command);
        return await root.Parse(arguments).InvokeAsync();
    }
}
