using System.CommandLine;
using TierOperator.Benchmarks.Servers;

namespace TierOperator.Benchmarks;

/// <summary>`tier-bench bare-proxy`: YARP as anyone would set it up, before one origin, for as long as nobody stops it.</summary>
internal static class BareProxyCommand
{
    private static readonly Option<string> Origin = new("--origin") { Description = "where every request goes", Required = true };

    public static Command Create()
    {
        var command = new Command("bare-proxy", "serve YARP alone before one origin: what a miss is judged by") { Origin };
        command.SetAction(async (arguments, cancellation) =>
        {
            await using var proxy = await BareProxy.StartAsync(new Uri(arguments.GetValue(Origin)!), cancellation);
            Console.WriteLine("ready " + proxy.Url);
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        });
        return command;
    }
}
