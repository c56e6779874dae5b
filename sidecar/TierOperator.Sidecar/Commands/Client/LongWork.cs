using Spectre.Console;

namespace TierOperator.Sidecar.Commands.Client;

/// <summary>Says on standard error that long work goes on, where that is a terminal; nothing elsewhere.</summary>
internal static class LongWork
{
    private static IAnsiConsole Error => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    public static async Task<T> WhileAsync<T>(string what, Task<T> work)
        => Console.IsErrorRedirected ? await work : await Error.Status().StartAsync(what, _ => work);

    /// <summary>Runs with a bar; the work tells its share as a number from 0 to 1.</summary>
    public static async Task WithBarAsync(string what, Func<Action<double>, Task> work)
    {
        if (Console.IsErrorRedirected)
        {
            await work(_ => { });
            return;
        }

        await Error.Progress().StartAsync(async progress =>
        {
            var bar = progress.AddTask(what, maxValue: 1);
            await work(share => bar.Value = share);
        });
    }
}
