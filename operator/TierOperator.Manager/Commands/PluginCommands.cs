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
    private static readonly Argument<string> s_policy = new("POLICY") { Description = "The policy's name." };
    private static readonly Option<string?> s_to = new("--to") { Description = "A time with its zone, such as 2026-01-01T02:03:04Z; without it the newest that is archived." };
    private static readonly Argument<string> s_session = new("SESSION") { Description = "The session's id." };
    private static readonly Option<string?> s_item = new("--item") { Description = "One item of the session." };

    public static IEnumerable<Command> Create()
    {
        yield return Of("status", "Show every policy of a namespace: ready or not and why, revision, pods.", [],
            (call, stop) => call.Reports.StatusAsync(call.Namespace, stop));
        yield return Of("effective", "Show the policy that a pod runs, as its sidecar reads it.", [s_pod],
            (call, stop) => call.Reports.EffectiveAsync(call.Pod, stop));
        yield return Of("top", "Show what the sidecars of a namespace hold and how often they hit.", [],
            (call, stop) => new TopReport(call.Client, Console.Out).WriteAsync(call.Namespace, stop));
        yield return Of("explain", "Say which rule takes a session in a pod, and where its copies are.", [s_pod, s_session, s_item],
            (call, stop) => call.Exec.RunAsync(call.Pod, ["storage", "explain", call.Parsed.GetValue(s_session)!, .. Item(call.Parsed)], stop));
        var storage = Of("storage", "Run `tier storage …` in a pod: status, stats, retrieve SESSION, explain SESSION, migrate SESSION --to TIER, compact.", [s_pod],
            (call, stop) => call.Exec.RunAsync(call.Pod, ["storage", .. call.Parsed.UnmatchedTokens], stop));
        storage.TreatUnmatchedTokensAsErrors = false;
        yield return storage;
        yield return Of("restore", "Take the PostgreSQL of a policy back to a time, from its backups, and wait for it.", [s_policy, s_to],
            (call, stop) => new RestoreRun(call.Client, Console.Out, Console.Error, TimeProvider.System).RunAsync(new ObjectKey(call.Namespace, call.Parsed.GetValue(s_policy)!), call.Parsed.GetValue(s_to), stop));
        yield return Of("dry-run", "Check a policy here and on the API server, and change nothing.", [s_file],
            async (call, stop) =>
            {
                var file = call.Parsed.GetValue(s_file)!;
                var text = await File.ReadAllTextAsync(file, stop);
                return await call.Reports.DryRunAsync(file, Document(text, call.Namespace), text, stop);
            });
    }

    private static Command Of(string name, string help, IReadOnlyList<Symbol> symbols, Func<Call, CancellationToken, Task<int>> answer)
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
                return await answer(new Call(client, parsed, parsed.GetValue(s_namespace) ?? connection.Namespace), stop);
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

    private static string[] Item(ParseResult parsed) => parsed.GetValue(s_item) is { } item ? ["--item", item] : [];

    // One call of the plugin, and what its commands work with.
    private sealed record Call(KubeClient Client, ParseResult Parsed, string Namespace)
    {
        public ObjectKey Pod => new(Namespace, Parsed.GetValue(s_pod)!);

        public PluginReports Reports => new(Client, Console.Out, Console.Error);

        public SidecarExec Exec => new(
            Client, Console.Error, Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } named ? named : "kubectl", Parsed.GetValue(s_context));
    }
}
