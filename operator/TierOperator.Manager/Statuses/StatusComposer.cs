using System.Globalization;
using System.Text.Json.Nodes;
using TierOperator.Manager.Pods;

namespace TierOperator.Manager.Statuses;

/// <summary>A policy's status, computed whole from what is known. Pure but for the time.</summary>
internal static class StatusComposer
{
    private const int MostPodsNamed = 10;

    public static JsonObject Compose(StatusInputs inputs, DateTimeOffset now)
    {
        var conditions = ConditionSet.Of(inputs);
        var before = inputs.Before?["conditions"] as JsonArray ?? [];
        return new JsonObject
        {
            ["observedGeneration"] = inputs.Policy.Generation,
            ["revision"] = inputs.Rollout.Stable?.Id[..Math.Min(12, inputs.Rollout.Stable.Id.Length)] ?? "",
            ["conditions"] = new JsonArray([.. conditions.Select(condition =>
                condition.Write(before.FirstOrDefault(old => old?["type"]?.ToString() == condition.Type), inputs.Policy.Generation, now))]),
            ["pods"] = Pods(inputs),
            ["tiers"] = Tiers(inputs),
            ["backends"] = string.Join(',', inputs.Backends.Select(backend => $"{backend.Name}:{(backend.IsReady ? "Ready" : backend.Reason)}")),
        };
    }

    /// <summary>Some names, and how many more.</summary>
    public static string Names(IEnumerable<PodRecord> pods)
    {
        var names = pods.Select(pod => pod.Metadata.Name).Order(StringComparer.Ordinal).ToList();
        return string.Join(", ", names.Take(MostPodsNamed)) + (names.Count > MostPodsNamed ? $" and {names.Count - MostPodsNamed} more" : "");
    }

    private static JsonObject Pods(StatusInputs inputs)
    {
        var (current, rejected) = (0, 0);
        foreach (var pod in inputs.Pods.Injected)
        {
            var report = inputs.ReportOf(pod.Metadata.Uid);
            if (report?.Refused is not null) rejected++;
            if (report?.Revision is { } revision && revision == inputs.Policy.Running?.Revision) current++;
        }

        var injected = inputs.Pods.Injected.Count;
        return new JsonObject
        {
            ["selected"] = injected + inputs.Pods.Missed.Count, ["injected"] = injected,
            ["current"] = current, ["stale"] = injected - current, ["rejected"] = rejected,
        };
    }

    private static JsonArray Tiers(StatusInputs inputs)
    {
        var reports = inputs.Pods.Injected.Select(pod => inputs.ReportOf(pod.Metadata.Uid)).OfType<SidecarReport>().ToList();
        var asked = reports.Sum(report => report.Misses + report.Tiers.Sum(tier => tier.Hits));
        return new JsonArray([.. reports.SelectMany(report => report.Tiers).GroupBy(tier => tier.Name).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new JsonObject
        {
            ["name"] = group.Key,
            ["state"] = group.Select(tier => tier.State).FirstOrDefault(state => state != "Healthy") ?? "Healthy",
            ["hitRatio"] = (asked == 0 ? 0 : group.Sum(tier => tier.Hits) / (double)asked).ToString("0.00", CultureInfo.InvariantCulture),
            ["bytes"] = group.Sum(tier => tier.UsedBytes),
        })]);
    }
}
