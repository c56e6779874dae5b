using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>
/// Does for one pod what a kubelet would: runs the sidecar's real executable with the container's own arguments and
/// variables, mounts the policy's ConfigMap as a kubelet does, and says that the pod runs.
/// </summary>
internal sealed class HandKubelet(KubeClient client, JsonObject pod) : IAsyncDisposable
{
    private const string Address = "127.0.0.1";
    private static readonly string[] s_lists = ["initContainers", "containers"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pod-");
    private readonly string _namespace = pod["metadata"]!["namespace"]!.GetValue<string>();
    private ScriptProcess? _sidecar;
    private string _mounted = "";
    private int _mounts;

    /// <summary>The sidecar's executable: TIER_EXECUTABLE, else what `make build` leaves; null where there is none.</summary>
    public static string? Executable { get; } =
        new[] { Environment.GetEnvironmentVariable("TIER_EXECUTABLE"), Path.Combine(Golden.Root, "out", "sidecar", "tier") }.FirstOrDefault(File.Exists);

    private JsonNode Container => s_lists.SelectMany(list => pod["spec"]![list] as JsonArray ?? []).Single(container => container!["name"]!.GetValue<string>() == WellKnown.Container)!;

    private string PolicyFolder => Path.Combine(_folder.FullName, "etc/tier/policy");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(PolicyFolder);
        await MountAsync(cancellationToken);
        var variables = Container["env"]!.AsArray().Select(entry => (entry!["name"]!.GetValue<string>(), ValueOf(entry)));
        _sidecar = ScriptProcess.Start(Executable!, [.. Container["args"]!.AsArray().Select(argument => argument!.GetValue<string>())], [.. variables]);
        var status = new JsonObject { ["phase"] = "Running", ["podIP"] = Address, ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = Address }) };
        await client.ApplyStatusAsync(ResourceTypes.Pods, new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Pod", ["status"] = status,
            ["metadata"] = new JsonObject { ["name"] = pod["metadata"]!["name"]!.GetValue<string>(), ["namespace"] = _namespace },
        }, new ApplyOptions("kubelet"), cancellationToken);
    }

    /// <summary>Writes the ConfigMap as it stands now, all files at one moment, by the link that a kubelet swaps.</summary>
    public async Task MountAsync(CancellationToken cancellationToken)
    {
        var volume = pod["spec"]!["volumes"]!.AsArray().Single(entry => entry!["configMap"] is not null)!;
        var map = await client.GetAsync(ResourceTypes.ConfigMaps, new ObjectKey(_namespace, volume["configMap"]!["name"]!.GetValue<string>()), cancellationToken);
        var data = map?["data"] as JsonObject ?? [];
        if (data.ToJsonString() == _mounted) return;
        _mounted = data.ToJsonString();
        var version = $"..version-{_mounts++}";
        Directory.CreateDirectory(Path.Combine(PolicyFolder, version));
        foreach (var (file, text) in data) await File.WriteAllTextAsync(Path.Combine(PolicyFolder, version, file), text!.GetValue<string>(), cancellationToken);
        await ScriptProcess.RunAsync("sh", ["-c", "cd \"$1\" && ln -s \"$2\" ..next && mv -T ..next ..data && find . -maxdepth 1 -type l ! -name '..*' -delete && for f in ..data/*; do ln -s \"$f\" .; done", "sh", PolicyFolder, version]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null) await _sidecar.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string ValueOf(JsonNode variable)
    {
        if (variable["valueFrom"]?["fieldRef"]?["fieldPath"]?.GetValue<string>() is { } field)
            return field == "status.podIP" ? Address : pod["metadata"]!["uid"]!.GetValue<string>();
        var value = variable["value"]!.GetValue<string>();

        // Absolute paths are the container's own; here they stand in the pod's folder.
        return value.StartsWith('/') ? Path.Combine(_folder.FullName, value[1..]) : value;
    }
}
