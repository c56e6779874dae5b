using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Injection;

/// <summary>The volumes of a sidecar: one ConfigMap and one Secret per policy, and the disk tier's folder.</summary>
internal static class SidecarVolumes
{
    private const string PolicyVolume = "tier-policy";
    private const string SecretsVolume = "tier-secrets";
    private const string DataVolume = "tier-data";

    /// <summary>
    /// ConfigMap and Secret are optional: a missing one must not hold the app in ContainerCreating. They are mounted
    /// whole, without subPath, or a change would never reach the running pod.
    /// </summary>
    public static IEnumerable<JsonObject> For(PolicyObject policy)
    {
        var mounted = ObjectNames.Mounted(policy.Name);
        yield return new JsonObject
        {
            ["name"] = PolicyVolume,
            ["configMap"] = new JsonObject { ["name"] = mounted, ["optional"] = true, ["defaultMode"] = 0b100_100_100 },
        };
        yield return new JsonObject
        {
            ["name"] = SecretsVolume,
            ["secret"] = new JsonObject { ["secretName"] = mounted, ["optional"] = true, ["defaultMode"] = 0b100_100_100 },
        };
        if (policy.RunningSpec.Tiers?.Spillover is { } spillover)
            yield return spillover.Volume?.VolumeClaimTemplate is { } template
                ? new JsonObject { ["name"] = DataVolume, ["ephemeral"] = new JsonObject { ["volumeClaimTemplate"] = template.DeepClone() } }
                : new JsonObject { ["name"] = DataVolume, ["emptyDir"] = EmptyDir(policy) };
    }

    public static JsonArray Mounts(PolicyObject policy)
    {
        var mounts = new JsonArray(
            Mount(PolicyVolume, SidecarContainer.PolicyFolder, readOnly: true),
            Mount(SecretsVolume, SidecarContainer.SecretsFolder, readOnly: true));
        if (policy.RunningSpec.Tiers?.Spillover is not null) mounts.Add(Mount(DataVolume, SidecarContainer.DataFolder, readOnly: false));
        return mounts;
    }

    private static JsonObject EmptyDir(PolicyObject policy)
    {
        var volume = new JsonObject { ["sizeLimit"] = SidecarSizing.DiskLimit(policy.RunningSpec).ToString() };
        if (policy.RunningSpec.Tiers!.Spillover!.Volume?.EmptyDir?.Medium is { Length: > 0 } medium) volume["medium"] = medium;
        return volume;
    }

    private static JsonObject Mount(string volume, string path, bool readOnly)
    {
        var mount = new JsonObject { ["name"] = volume, ["mountPath"] = path };
        if (readOnly) mount["readOnly"] = true;
        return mount;
    }
}
