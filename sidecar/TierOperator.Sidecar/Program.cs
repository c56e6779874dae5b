using System.CommandLine;
using TierOperator.Sidecar.Commands;
using TierOperator.Sidecar.Commands.Policy;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar;

/// <summary>The command <c>tier</c>.</summary>
internal static class Program
{
    /// <summary>What was not understood is told apart from what a command found: 2, as when a file cannot be read.</summary>
    public static async Task<int> Main(string[] args)
    {
        NativeHeapSettings.Ensure(args);
        var parsed = CreateRoot().Parse(args);
        if (parsed.Errors.Count > 0 && CommandError.IsJsonAsked(parsed))
            return new CommandError(ExitCode.Usage, string.Join(' ', parsed.Errors.Select(error => error.Message))).Write(Console.Error, isJson: true);

        // `tier run` stops in its own order and time, so the command line must not end it.
        try
        {
            var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
            return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
        }
        catch (IOException e)
        {
            // Standard output is full or gone; whatever else a command reads or writes, it answers for itself.
            return new CommandError(ExitCode.Usage, $"the result could not be written: {e.Message}").Write(Console.Error, CommandError.IsJsonAsked(parsed));
        }
    }

    public static RootCommand CreateRoot() => new("A tiered store for sessions and cached data, by declaration.")
    {
        RunCommand.Create(),
        PolicyCommand.Create(),
        StorageCommand.Create(),
        CheckpointCommand.Create(),
        RetentionCommand.Create(),
    };
}
