using System.CommandLine;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Plugin;
using TierOperator.Policy;

namespace TierOperator.Manager.Commands;

/// <summary>The subcommands behind <c>kubectl tier</c>.</summary>
internal static class PluginCommands
{
    private static readonly Option<string?> s_namespace = new("--namespace", "-n") { Description = "The namespace; without it the context's." };
    private static readonly Option<string?> s_context = new("--context") { Description = "The kubeconfig's context." };
    private static readonly Option<string> s_file = new("--filename", "-f") { Description = "The policy's file.", Required = true };
    private static readonly Argument<string> s_pod = new("POD") { Description = "The pod's name." };

    public static IEnumerable<Command> Create()
    {
        yield return Of("status", "Show every policy of a namespace: ready or not and why, revision, pods.", [],
            (reports, @namespace, _, stop) => reports.StatusAsync(@namespace, stop));
        yield return Of("effective", "Show the policy that a pod runs, as its sidecar reads it.", [s_pod],
            (reports, @namespace, parsed, stop) => reports.EffectiveAsync(new ObjectKey(@namespace, parsed.GetValue(s_pod)!), stop));
        yield return Of("dry-run", "Check a policy here and on the API server, and change nothing.", [s_file],
            async (reports, @namespace, parsed, stop) =>
            {
                var file = parsed.GetValue(s_file)!;
                var text = await File.ReadAllTextAsync(file, stop);
                return await reports.DryRunAsync(file, Document(text, @namespace), text, stop);
            });
    }

    private static Command Of(string name, string help, IReadOnlyList<Symbol> symbols, Func<PluginReports, string, ParseResult, CancellationToken, Task<int>> answer)
    {
        var command = new Command(name, help) { s_namespace, s_context };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                var connection = ClusterConnection.Find(null, parsed.GetValue(s_context), TimeProvider.System);
                using var client = new KubeClient(connection);
                return await answer(new PluginReports(client, Console.Out, Console.Error), parsed.GetValue(s_namespace) ?? connection.Namespace, parsed, stop);
            }
            catch (Exception fault) when (fault is ConnectionException or KubeApiException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(fault.Message);
                return ExitCode.Usage;
            }
        });
        return command;
    }

    // What the snapshot says, as an object to apply: the loader has read the YAML already.
    private static JsonObject Document(string text, string @namespace)
    {
        var loaded = PolicyLoader.Load(text);
        if (loaded.Policy is null) return [];
        var document = (JsonObject)JsonNode.Parse(loaded.Snapshot)!;
        document.Remove("schemaVersion");
        if (loaded.Document?.Metadata?.Namespace is null) document["metadata"]!["namespace"] = @namespace;
        return document;
    }
}
