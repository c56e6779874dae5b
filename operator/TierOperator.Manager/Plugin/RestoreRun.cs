using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Commands;
using TierOperator.Manager.Desired.Postgres;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Plugin;

/// <summary>
/// <c>restore POLICY --to TIME</c>: asks the operator for the policy's PostgreSQL as it was, and waits for the answer.
/// Whoever may patch the policy may ask; an interrupted wait stops nothing.
/// </summary>
internal sealed class RestoreRun(KubeClient client, TextWriter output, TextWriter error, TimeProvider time)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(1);

    /// <param name="to">A time with its zone; null for the newest that is archived.</param>
    public async Task<int> RunAsync(ObjectKey key, string? to, CancellationToken cancellationToken)
    {
        if (!RestoreRequest.TryReadTime(to ?? RestoreRequest.Newest, out var at)) return await FailAsync($"\"{to}\" is no time with a zone: write one such as 2026-01-01T02:03:04Z");
        if (at > time.GetUtcNow()) return await FailAsync($"{to} has not come yet");
        if (await client.GetAsync(PolicyCatalog.Type, key, cancellationToken) is not { } policy) return await FailAsync($"there is no policy {key.Name} in {key.Namespace}");
        if (policy["spec"]?["tiers"]?["postgres"]?["managed"]?["backup"] is null) return await FailAsync($"the policy {key.Name} has no backups: spec.tiers.postgres.managed.backup is not set");
        if (UnderWay(policy) is { } other) return await FailAsync($"a restore is under way already: {other}. Wait for it, or take the annotation {WellKnown.Restore} off");
        var asked = RestoreRequest.Ask(at, Guid.NewGuid().ToString("n")[..8]);
        await AskAsync(key, policy, asked, cancellationToken);
        await output.WriteLineAsync($"asked for {key.Name} as of {asked.Split(' ')[0]}; what stands there now is kept beside it. Interrupting this command stops nothing");
        return await WaitAsync(key, asked, cancellationToken);
    }

    private async Task AskAsync(ObjectKey key, JsonObject policy, string asked, CancellationToken cancellationToken)
    {
        var operations = new JsonArray(new JsonObject { ["op"] = "test", ["path"] = "/metadata/resourceVersion", ["value"] = policy["metadata"]!["resourceVersion"]!.DeepClone() });
        if (policy["metadata"]!["annotations"] is null) operations.Add(new JsonObject { ["op"] = "add", ["path"] = "/metadata/annotations", ["value"] = new JsonObject() });
        operations.Add(new JsonObject { ["op"] = "add", ["path"] = JsonPointer.Annotation(WellKnown.Restore), ["value"] = asked });
        await client.PatchAsync(PolicyCatalog.Type, key, operations, cancellationToken);
    }

    private async Task<int> WaitAsync(ObjectKey key, string asked, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(s_beat, time);
        var said = "";
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (await client.GetAsync(PolicyCatalog.Type, key, cancellationToken) is not { } policy) return await FailAsync($"the policy {key.Name} was deleted");
            var answer = Annotation(policy, WellKnown.Restored);
            if (answer == $"{asked} Succeeded")
            {
                await output.WriteLineAsync("restored; the server starts");
                return ExitCode.Ok;
            }

            if (RestoreRequest.IsAnswered(asked, answer)) return await FailAsync(answer![(asked.Length + 1)..]);
            var now = State(policy);
            if (now != said && now.Length > 0) await output.WriteLineAsync(now);
            said = now;
        }

        return ExitCode.Refused;
    }

    private static string State(JsonObject policy) => (policy["status"]?["conditions"] as JsonArray ?? [])
        .FirstOrDefault(condition => condition?["type"]?.ToString() == "BackendsReady" && condition["reason"]?.ToString() == "Restoring")?["message"]?.ToString() ?? "";

    private static string? UnderWay(JsonObject policy) =>
        Annotation(policy, WellKnown.Restore) is { Length: > 0 } asked && !RestoreRequest.IsAnswered(asked, Annotation(policy, WellKnown.Restored)) ? asked : null;

    private static string? Annotation(JsonObject policy, string name) => policy["metadata"]?["annotations"]?[name]?.GetValue<string>();

    private async Task<int> FailAsync(string message)
    {
        await error.WriteLineAsync(message);
        return ExitCode.Refused;
    }
}
