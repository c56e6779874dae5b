using System.CommandLine;
using System.Text.Json.Nodes;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>
/// <c>tier policy lint FILE…</c>: everything that is wrong with policy files. Exit code 0, also with warnings; 1 with
/// faults; 2 when a file cannot be read.
/// </summary>
internal static class LintCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "The policies; - for standard input.", Arity = ArgumentArity.OneOrMore };
        var output = OutputOption();
        var command = new Command("lint", "Tell everything that is wrong with policies. Exit code 0: none refused; 1: faults; 2: a file cannot be read.") { files, output };
        command.SetAction(parsed => Execute(
            parsed.GetRequiredValue(files), parsed.GetValue(output) == "json", parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>The option that all of these commands have.</summary>
    public static Option<string> OutputOption()
    {
        var output = new Option<string>("--output") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        return output;
    }

    private static int Execute(string[] names, bool json, TextWriter output, TextWriter error)
    {
        List<string> unreadable = [];
        var files = names.Select(name => Read(name, unreadable)).OfType<PolicyFile>().ToList();
        if (json) PolicyJson.Write(output, new JsonObject { ["files"] = new JsonArray([.. files.Select(PolicyJson.File)]) });
        else
        {
            var report = new FaultReport(output, TerminalStyle.For(output));
            foreach (var file in files) report.Write(file);
        }

        if (unreadable.Count > 0) return new PolicyCommandErrors(error, json).Unreadable(unreadable);
        return files.Exists(file => !file.Result.IsValid) ? ExitCode.Refused : ExitCode.Ok;
    }

    private static PolicyFile? Read(string name, List<string> unreadable)
    {
        var file = PolicyFile.Read(name, out var reason);
        if (file is null) unreadable.Add(reason);
        return file;
    }
}
