using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Commands;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Plugin;

/// <summary>
/// Runs the sidecar's own command line in a pod. The API of a sidecar listens on the pod's loopback alone, so whoever may
/// exec into the pod, and nobody else, may look into it: <c>kubectl exec</c> asks the API server whether that is so.
/// </summary>
/// <param name="kubectl">The program; KUBECTL names another one than that of the PATH.</param>
/// <param name="context">The kubeconfig's context; null for the current one.</param>
internal sealed class SidecarExec(KubeClient client, TextWriter error, string kubectl, string? context)
{
    private const string Program = "/app/tier";
    private const string DefaultPort = "7070";
    private static readonly string[] s_lists = ["initContainers", "containers"];

    /// <summary>Gives the program's exit code; its output goes where ours goes, byte for byte.</summary>
    public async Task<int> RunAsync(ObjectKey pod, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (await client.GetAsync(ResourceTypes.Pods, pod, cancellationToken) is not { } found)
            return await FailAsync($"there is no pod {pod.Name} in {pod.Namespace}", ExitCode.Refused);
        if (SidecarOf(found) is not { } sidecar)
            return await FailAsync($"the pod {pod.Name} has no sidecar: kubectl describe tierpolicy says which pods were missed, and why", ExitCode.Refused);
        try
        {
            using var process = Process.Start(Start(pod, [.. arguments, "--url", $"http://127.0.0.1:{PortOf(sidecar)}"]))!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (Win32Exception missing)
        {
            return await FailAsync($"{kubectl} cannot be run: {missing.Message}. Put kubectl on the PATH, or name it in KUBECTL", ExitCode.Usage);
        }
    }

    private ProcessStartInfo Start(ObjectKey pod, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(kubectl);
        if (context is not null)
        {
            start.ArgumentList.Add("--context");
            start.ArgumentList.Add(context);
        }

        foreach (var argument in (IEnumerable<string>)["exec", "--namespace", pod.Namespace, pod.Name, "--container", WellKnown.Container, "--", Program, .. arguments])
            start.ArgumentList.Add(argument);
        return start;
    }

    private static JsonNode? SidecarOf(JsonObject pod) =>
        s_lists.SelectMany(list => pod["spec"]?[list] as JsonArray ?? [])
            .FirstOrDefault(container => container?["name"]?.GetValue<string>() == WellKnown.Container);

    private static string PortOf(JsonNode sidecar) =>
        (sidecar["env"] as JsonArray ?? []).FirstOrDefault(variable => variable?["name"]?.GetValue<string>() == "TIER_API_PORT")?["value"]?.GetValue<string>() ?? DefaultPort;

    private async Task<int> FailAsync(string message, int code)
    {
        await error.WriteLineAsync(message);
        return code;
    }
}
