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
        var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
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
