using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>
/// The executable <c>tier-operator</c> as the chart's Deployment would run it: its arguments, its variables, its account
/// and nothing else. The API server calls its webhooks through the chart's Service, which is pointed at this machine.
/// </summary>
internal sealed class ManagerProcess : IAsyncDisposable
{
    private readonly ScriptProcess _process;
    private readonly DirectoryInfo _folder;

    private ManagerProcess(ScriptProcess process, DirectoryInfo folder) => (_process, _folder) = (process, folder);

    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "tier-operator");

    public static async Task<ManagerProcess> StartAsync(ChartRelease release, CancellationToken cancellationToken)
    {
        var ports = ScriptProcess.FreePorts(2);
        await PointHereAsync(release, ports[0], cancellationToken);
        var folder = Directory.CreateTempSubdirectory("manager-");
        var file = Path.Combine(folder.FullName, "kubeconfig");
        await File.WriteAllTextAsync(file, await KubeConfigAsync(release, cancellationToken), cancellationToken);
        var container = (await release.FindAsync(ResourceTypes.Deployments, cancellationToken))!["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var variables = container["env"]!.AsArray().Select(entry => (entry!["name"]!.GetValue<string>(), entry["valueFrom"] is null ? entry["value"]?.GetValue<string>() ?? "" : release.Name));
        var process = ScriptProcess.Start(Executable, [.. container["args"]!.AsArray().Select(argument => argument!.GetValue<string>())],
            [.. variables, ("KUBECONFIG", file), ("TIER_WEBHOOK_PORT", $"{ports[0]}"), ("TIER_HEALTH_PORT", $"{ports[1]}")]);
        return new ManagerProcess(process, folder);
    }

    /// <summary>SIGTERM, as a Deployment ends a pod; the exit code and what was written.</summary>
    public async Task<(int Code, string Output)> TerminateAsync()
    {
        await ScriptProcess.RunAsync("kill", ["-TERM", $"{_process.Id}"]);
        return await _process.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    // Without a kube-proxy a Service leads nowhere; one of another type leads here, and keeps the name that certificates carry.
    private static async Task PointHereAsync(ChartRelease release, int port, CancellationToken cancellationToken)
    {
        var away = new JsonArray(new JsonObject { ["op"] = "replace", ["path"] = "/spec", ["value"] = new JsonObject { ["type"] = "ExternalName", ["externalName"] = "localhost" } });
        await release.Client.PatchAsync(ResourceTypes.Services, new ObjectKey(release.Name, $"{release.Name}-webhook"), away, cancellationToken);
        foreach (var type in new[] { ResourceTypes.MutatingWebhooks, ResourceTypes.ValidatingWebhooks })
        {
            var entries = ((JsonArray)(await release.FindAsync(type, cancellationToken))!["webhooks"]!).Count;
            var operations = Enumerable.Range(0, entries).Select(entry => (JsonNode)new JsonObject { ["op"] = "replace", ["path"] = $"/webhooks/{entry}/clientConfig/service/port", ["value"] = port });
            await release.Client.PatchAsync(type, ObjectKey.OfCluster(release.Name), new JsonArray([.. operations]), cancellationToken);
        }
    }

    private static async Task<string> KubeConfigAsync(ChartRelease release, CancellationToken cancellationToken)
    {
        var credentials = (await release.ConnectAsAccountAsync(cancellationToken)).Credentials;
        var flat = await Kubectl.RunAsync("config", "view", "--raw", "--flatten", "--minify", "--output", "json");
        var config = JsonNode.Parse(flat)!;
        config["users"]![0]!["user"] = new JsonObject { ["token"] = await credentials.GetTokenAsync(cancellationToken) };
        return config.ToJsonString();
    }
}
