using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Rollouts;

namespace TierOperator.Manager.Desired;

/// <summary>The ConfigMap and the Secret that the policy's pods mount.</summary>
internal static class PolicyObjects
{
    /// <summary>Snapshots beyond this are refused: with a candidate beside it the ConfigMap would not hold it.</summary>
    public const int MostSnapshotBytes = 900 * 1024;

    public const string Component = "policy";

    public static JsonObject ConfigMap(PolicyObject policy, RolloutState rollout)
    {
        var map = OwnedObject.Of(policy, "v1", "ConfigMap", ObjectNames.Mounted(policy.Name), Component);
        var (data, annotations) = rollout.Write();
        if (annotations.Count > 0) map["metadata"]!["annotations"] = annotations;
        map["data"] = data;
        return map;
    }

    /// <summary>Where backends are, and keys. A Secret's keys take no slash, so a dot stands between folder and file.</summary>
    public static JsonObject Secret(PolicyObject policy, IReadOnlyDictionary<string, byte[]> entries)
    {
        var secret = OwnedObject.Of(policy, "v1", "Secret", ObjectNames.Mounted(policy.Name), Component);
        secret["type"] = "Opaque";
        var data = new JsonObject();
        foreach (var (key, value) in entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)) data[key] = Convert.ToBase64String(value);
        secret["data"] = data;
        return secret;
    }

    /// <summary>What is published; null where it is larger than a ConfigMap takes.</summary>
    public static Revision? RevisionOf(PolicyObject policy) => policy.Loaded.Snapshot.Length <= MostSnapshotBytes && policy.Compiled is { } compiled
        ? new Revision(compiled.Revision, Encoding.UTF8.GetString(policy.Loaded.Snapshot)) : null;
}
