using System.CommandLine;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>
/// <c>tier policy simulate FILE --trace T</c>: what the policy's memory would make of a trace, beside Belady's optimum.
/// Exit code 0; 1 when the policy has faults or no memory; 2 when a file cannot be read.
/// </summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The policy." };
        var trace = new Option<string>("--trace")
        {
            Description = "The requests, one key each: gzip of big-endian 32-bit integers, or text with a number per line.", Required = true,
        };
        var all = new Option<bool>("--all") { Description = "Every eviction, at several capacities." };
        var entries = Positive("--entries", "How many entries memory holds, instead of deriving it from the policy.");
        var itemBytes = Positive("--item-bytes", $"The size of each item's value (default {SimulateOptions.DefaultItemBytes}).");
        var limit = Positive("--limit", "Stop after this many requests.");
        var output = LintCommand.OutputOption();
        var command = new Command("simulate", "Replay a trace against the policy's memory, beside Belady's optimum.")
        {
            file, trace, all, entries, itemBytes, limit, output,
        };
        command.SetAction((parsed, cancel) => Task.FromResult(new SimulateRun(
            new SimulateOptions(
                parsed.GetRequiredValue(file), parsed.GetRequiredValue(trace), parsed.GetValue(all), parsed.GetValue(entries),
                parsed.GetValue(itemBytes) ?? SimulateOptions.DefaultItemBytes, parsed.GetValue(limit) ?? int.MaxValue,
                parsed.GetValue(output) == "json"),
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error).Execute(cancel)));
        return command;
    }

    /// <summary>Parsed by hand: a validator would throw on what is no number.</summary>
    private static Option<int?> Positive(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var value) && value >= 1) return value;
            result.AddError($"{name} takes a whole number of at least 1, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };
}
