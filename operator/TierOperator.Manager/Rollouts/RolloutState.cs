using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Policy.Compiling;

namespace TierOperator.Manager.Rollouts;

/// <summary>A snapshot and its revision, the SHA-256 of its bytes.</summary>
internal sealed record Revision(string Id, string Snapshot);

/// <summary>
/// How far a policy has come to its pods: what all run, what some try, and which. Lives in the policy's ConfigMap and
/// nowhere else, so that an operator that starts anew goes on from there.
/// </summary>
/// <param name="Wave">Pods whose hash is under it take the candidate; see <see cref="PodHash"/>.</param>
/// <param name="Rejected">The revision that a sidecar refused; null where none was.</param>
/// <param name="RejectedBy">The UID of the pod that refused it.</param>
internal sealed record RolloutState(Revision? Stable, Revision? Candidate = null, ulong Wave = 0, string? Rejected = null, string? Reason = null, string? RejectedBy = null)
{
    /// <summary>Every pod.</summary>
    public const ulong FullWave = 1UL << 32;

    /// <summary>The ConfigMap takes 1 MiB of keys and values; what is left is for names.</summary>
    public const int MostBytes = 1_000_000;

    private const string StableRevision = "tieroperator.io/stable-revision";
    private const string CandidateRevision = "tieroperator.io/candidate-revision";
    private const string RejectedRevision = "tieroperator.io/rejected-revision";
    private const string RejectedReason = "tieroperator.io/rejected-reason";
    private const string RejectedPod = "tieroperator.io/rejected-by";

    public static RolloutState Empty { get; } = new((Revision?)null);

    public static RolloutState Read(JsonNode? configMap)
    {
        var data = configMap?["data"];
        var annotations = configMap?["metadata"]?["annotations"];
        _ = ulong.TryParse(data?["wave"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var wave);
        return new RolloutState(
            RevisionOf(annotations?[StableRevision], data?["stable"]),
            RevisionOf(annotations?[CandidateRevision], data?["candidate"]),
            wave, annotations?[RejectedRevision]?.ToString(), annotations?[RejectedReason]?.ToString(), annotations?[RejectedPod]?.ToString());
    }

    /// <summary>What the ConfigMap's data and annotations are to be.</summary>
    public (JsonObject Data, JsonObject Annotations) Write()
    {
        var data = new JsonObject { ["wave"] = Wave.ToString(CultureInfo.InvariantCulture) };
        var annotations = new JsonObject();
        if (Stable is { } stable) (data["stable"], annotations[StableRevision]) = (stable.Snapshot, stable.Id);
        if (Candidate is { } candidate) (data["candidate"], annotations[CandidateRevision]) = (candidate.Snapshot, candidate.Id);
        if (Rejected is not null) (annotations[RejectedRevision], annotations[RejectedReason]) = (Rejected, Reason ?? "");
        if (Rejected is not null && RejectedBy is not null) annotations[RejectedPod] = RejectedBy;
        return (data, annotations);
    }

    // A snapshot that was edited is no longer the one of its digest: believed, it would never be put back.
    private static Revision? RevisionOf(JsonNode? id, JsonNode? snapshot) =>
        id is null || snapshot is null || CanonicalSnapshot.Revision(Encoding.UTF8.GetBytes(snapshot.ToString())) != id.ToString() ? null : new Revision(id.ToString(), snapshot.ToString());
}
