using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Benchmarks.Servers;

namespace TierOperator.Benchmarks;

/// <summary>`tier-bench bare`: the reference endpoint, for as long as nobody stops it.</summary>
internal static class BareCommand
{
    private static readonly Option<int> Port = new("--port") { Description = "the port on 127.0.0.1; 0 takes a free one" };
    private static readonly Option<bool> Store = new("--store") { Description = "keep what is put in a dictionary, instead of answering the same to all" };

    public static Command Create()
    {
        var command = new Command("bare", "serve a bare Kestrel endpoint that answers what a memory hit answers") { Port, Store };
        command.SetAction(async (arguments, cancellation) =>
        {
            IHttpApplication<IFeatureCollection> application = arguments.GetValue(Store) ? new DictionaryStore() : new FixedAnswer();
            await using var server = await BareServer.StartAsync(application, arguments.GetValue(Port), cancellation);
            Console.WriteLine("ready " + server.Url);
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        });
        return command;
    }
}
