using System.CommandLine;
using System.Text.Json.Nodes;
using TierOperator.Policy.Comparing;
using TierOperator.Policy.Fields;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>
/// <c>tier policy diff A B</c>: what a change of policy would do, and whether a running sidecar takes it over. Exit
/// code 0 when nothing changes, 1 when something does, 2 when a file cannot be read or has faults.
/// </summary>
internal static class DiffCommand
{
    private const int MostColumns = 48;

    public static Command Create()
    {
        var old = new Argument<string>("A") { Description = "The policy as it is." };
        var @new = new Argument<string>("B") { Description = "The policy as it shall be." };
        var output = LintCommand.OutputOption();
        var command = new Command("diff", "Tell what a change of policy would do, defaults included. Exit code 0: nothing; 1: something; 2: a file cannot be read or has faults.")
        {
            old, @new, output,
        };
        command.SetAction(parsed => Execute(
            parsed.GetRequiredValue(old), parsed.GetRequiredValue(@new), parsed.GetValue(output) == "json",
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Execute(string oldName, string newName, bool json, TextWriter output, TextWriter error)
    {
        var errors = new PolicyCommandErrors(error, json);
        var (old, @new) = (PolicyFile.Read(oldName, out var noOld), PolicyFile.Read(newName, out var noNew));
        if (old is null || @new is null) return errors.Unreadable(noOld, noNew);
        foreach (var file in (PolicyFile[])[old, @new])
            if (!file.Result.IsValid) return errors.Faulty(ExitCode.Usage, file);

        var changes = PolicyDiff.Compare(old.Result.Document!, @new.Result.Document!);
        if (json) PolicyJson.Write(output, Json(changes));
        else WriteTable(output, changes);
        return changes.Count == 0 ? 0 : 1;
    }

    private static JsonObject Json(IReadOnlyList<PolicyChange> changes) => new()
    {
        ["same"] = changes.Count == 0,
        ["restart"] = changes.Any(change => change.Effect != FieldEffect.Live),
        ["changes"] = new JsonArray([.. changes.Select(change => new JsonObject
        {
            ["path"] = change.Path, ["old"] = change.Old, ["new"] = change.New, ["effect"] = $"{change.Effect}",
        })]),
    };

    private static void WriteTable(TextWriter output, IReadOnlyList<PolicyChange> changes)
    {
        if (changes.Count == 0)
        {
            output.WriteLine("nothing changes");
            return;
        }

        var style = TerminalStyle.For(output);
        string[][] rows = [["FIELD", "OLD", "NEW", "EFFECT"], .. changes.Select(Row)];
        var widths = Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            var effect = row[3] == nameof(FieldEffect.RestartBound) ? style.Yellow(row[3]) : row[3];
            output.WriteLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadRight(widths[2])}  {effect}");
        }

        var restarts = changes.Count(change => change.Effect != FieldEffect.Live);
        output.WriteLine();
        output.WriteLine($"{changes.Count} change{(changes.Count == 1 ? "" : "s")}: {changes.Count - restarts} live, {restarts} with new pods");
    }

    private static string[] Row(PolicyChange change) => [change.Path, Cell(change.Old), Cell(change.New), $"{change.Effect}"];

    private static string Cell(string? text) => text switch
    {
        null => "-",
        { Length: > MostColumns } => string.Concat(text.AsSpan(0, MostColumns - 1), "…"),
        _ => text,
    };
}
