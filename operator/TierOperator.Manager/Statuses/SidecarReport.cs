using System.Text.Json;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Manager.Statuses;

/// <summary>What one tier of a sidecar says of itself.</summary>
internal sealed record TierReport(string Name, string State, long UsedBytes, long Hits);

/// <summary>What a sidecar's admin port said. Immutable.</summary>
/// <param name="Revision">What it runs; null while it waits for something to run.</param>
/// <param name="Refused">The revision that it refuses; null where there is none.</param>
internal sealed record SidecarReport(string? Revision, string? Refused, string? Reason, IReadOnlyList<string> RestartRequired, IReadOnlyList<TierReport> Tiers, long Misses)
{
    private const int LongestReason = 500;

    /// <summary>Reads <c>/status</c> of any version: what is not there is absent, what is not known is skipped.</summary>
    public static SidecarReport Read(JsonElement status)
    {
        var policy = JsonFields.Object(status, "policy");
        var refused = JsonFields.Object(policy, "refused");
        var reasons = JsonFields.TextList(refused, "reasons");
        var reason = reasons.Count > 0 ? reasons[0] : JsonFields.Text(status, "reason");
        return new SidecarReport(
            JsonFields.Text(policy, "revision"), JsonFields.Text(refused, "revision"),
            reason is { Length: > LongestReason } ? reason[..LongestReason] : reason,
            JsonFields.TextList(policy, "restartRequired"),
            [.. JsonFields.List(status, "tiers").Select(tier => new TierReport(
                JsonFields.Text(tier, "name") ?? "", JsonFields.Text(tier, "state") ?? "Unknown",
                JsonFields.Number(tier, "usedBytes") ?? 0, JsonFields.Number(tier, "hits") ?? 0))],
            JsonFields.Number(JsonFields.Object(status, "counters"), "misses") ?? 0);
    }

    /// <summary>Whether the difference is worth a look at the policy: numbers alone are not.</summary>
    public bool Tells(SidecarReport? before) => before is null || before.Revision != Revision || before.Refused != Refused
        || !before.RestartRequired.SequenceEqual(RestartRequired)
        || !before.Tiers.Select(tier => (tier.Name, tier.State)).SequenceEqual(Tiers.Select(tier => (tier.Name, tier.State)));
}
