using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Injection;

/// <summary>The volumes of a sidecar: the policy's ConfigMap, folders of secrets, and the disk tier's folder.</summary>
internal static class SidecarVolumes
{
    private const string PolicyVolume = "tier-policy";
    private const string DataVolume = "tier-data";
    private static readonly string[] s_backendFiles = ["url", "ca.crt", "tls.crt", "tls.key"];

    /// <summary>
    /// ConfigMap and Secrets are optional: a missing one must not hold the app in ContainerCreating. They are mounted
    /// without subPath, or a change would never reach the running pod.
    /// </summary>
    public static IEnumerable<JsonObject> For(PolicyObject policy)
    {
        yield return new JsonObject
        {
            ["name"] = PolicyVolume,
            ["configMap"] = new JsonObject { ["name"] = ObjectNames.Mounted(policy.Name), ["optional"] = true, ["defaultMode"] = 0b100_100_100 },
        };
        foreach (var folder in Folders(policy)) yield return folder.Volume;
        if (policy.RunningSpec.Tiers?.Spillover is { } spillover)
            yield return spillover.Volume?.VolumeClaimTemplate is { } template
                ? new JsonObject { ["name"] = DataVolume, ["ephemeral"] = new JsonObject { ["volumeClaimTemplate"] = template.DeepClone() } }
                : new JsonObject { ["name"] = DataVolume, ["emptyDir"] = EmptyDir(policy) };
    }

    public static JsonArray Mounts(PolicyObject policy)
    {
        var mounts = new JsonArray(Mount(PolicyVolume, SidecarContainer.PolicyFolder, readOnly: true));
        foreach (var (folder, volume) in Folders(policy)) mounts.Add(Mount(PodView.Text(volume, "name")!, $"{SidecarContainer.SecretsFolder}/{folder}", readOnly: true));
        if (policy.RunningSpec.Tiers?.Spillover is not null) mounts.Add(Mount(DataVolume, SidecarContainer.DataFolder, readOnly: false));
        return mounts;
    }

    // Where backends are stands in the operator's Secret, one for both; keys and authorities in the user's own, whose
    // entries are not known beforehand.
    private static IEnumerable<(string Folder, JsonObject Volume)> Folders(PolicyObject policy)
    {
        var tiers = policy.RunningSpec.Tiers;
        var mounted = ObjectNames.Mounted(policy.Name);
        if (tiers?.Redis is not null) yield return ("redis", Secret("tier-redis", mounted, "redis"));
        if (tiers?.Postgres is not null) yield return ("postgres", Secret("tier-postgres", mounted, "postgres"));
        foreach (var (name, index) in UserSecrets(policy).Select((name, index) => (name, index))) yield return (name, Secret($"tier-secret-{index}", name, null));
    }

    private static IEnumerable<string> UserSecrets(PolicyObject policy)
    {
        var keys = policy.RunningSpec.Tiers?.Spillover?.Encryption?.KeySecretRef?.Name;
        var origins = (policy.RunningSpec.Routes ?? []).SelectMany(route => new[] { route.Origin?.Tls?.CaSecretRef?.Name, route.Origin?.Tls?.ClientCertSecretRef?.Name });
        return origins.Prepend(keys).OfType<string>().Distinct(StringComparer.Ordinal);
    }

    private static JsonObject Secret(string volume, string name, string? backend)
    {
        var secret = new JsonObject { ["secretName"] = name, ["optional"] = true, ["defaultMode"] = 0b100_100_100 };

        // A Secret's keys take no slash: a dot stands between backend and file.
        if (backend is not null)
            secret["items"] = new JsonArray([.. s_backendFiles.Select(file => new JsonObject { ["key"] = $"{backend}.{file}", ["path"] = file })]);
        return new JsonObject { ["name"] = volume, ["secret"] = secret };
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
