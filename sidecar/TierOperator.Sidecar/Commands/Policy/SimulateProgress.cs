using Spectre.Console;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>A progress bar on standard error, when that is a terminal; else nothing.</summary>
internal static class SimulateProgress
{
    public static T Show<T>(TextWriter error, long total, Func<Action<int>?, T> work)
    {
        if (Console.IsErrorRedirected || !ReferenceEquals(error, Console.Error)) return work(null);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask("Replaying", maxValue: total);
                return work(done => task.Increment(done));
            });
    }
}
