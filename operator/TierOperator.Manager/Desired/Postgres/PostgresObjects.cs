using System.Text.Json.Nodes;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>Every object of a managed PostgreSQL but its Secret, which is generated once.</summary>
internal static class PostgresObjects
{
    private const string BackupFolder = "/backup";

    public static IEnumerable<JsonObject> For(PostgresPlan plan)
    {
        var policy = plan.Policy;
        yield return BackendPod.ConfigMap(policy, plan.Name, PostgresPlan.Component, Files(plan));
        yield return BackendPod.Service(policy, plan.Name, PostgresPlan.Component, PostgresPlan.Port, isHeadless: false);
        yield return BackendPod.Service(policy, plan.Name, PostgresPlan.Component, PostgresPlan.Port, isHeadless: true);
        if (plan.Backup is not null) yield return BackupClaim(plan);
        yield return Server(plan);
        yield return BackendPod.DisruptionBudget(policy, plan.Name, PostgresPlan.Component);
        yield return BackendPod.NetworkPolicy(policy, plan.Name, PostgresPlan.Component, PostgresPlan.Port);
        if (plan.Backup is null) yield break;
        yield return PostgresJobs.Backup(plan);
        yield return PostgresJobs.Verify(plan);
    }

    private static IEnumerable<(string, string)> Files(PostgresPlan plan)
    {
        yield return ("postgresql.conf", PostgresConfiguration.Server(plan));
        yield return ("pg_hba.conf", PostgresConfiguration.Access(plan));
        yield return ScriptFile.Read("postgres-start.sh");
        yield return ScriptFile.Read("postgres-ping.sh");
        if (plan.Backup is null) yield break;
        yield return ScriptFile.Read("postgres-backup.sh");
        yield return ScriptFile.Read("postgres-restore.sh");
        yield return ScriptFile.Read("postgres-verify.sh");
    }

    private static JsonObject Server(PostgresPlan plan)
    {
        var container = BackendPod.Container("postgres", plan.Image, "postgres-start.sh", Environment(plan));
        container["ports"] = new JsonArray(new JsonObject { ["name"] = "postgres", ["containerPort"] = PostgresPlan.Port, ["protocol"] = "TCP" });
        container["readinessProbe"] = BackendPod.Probe("postgres-ping.sh", 5, 3);

        // A recovery may take long, and a restart in its midst would only begin it anew.
        container["startupProbe"] = BackendPod.Probe("postgres-ping.sh", 10, 1440);
        container["livenessProbe"] = BackendPod.Probe("postgres-ping.sh", 10, 6);
        container["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "250m", ["memory"] = "512Mi" }, ["limits"] = new JsonObject { ["memory"] = "2Gi" },
        };
        AddBackupMount(plan, container);
        var pod = BackendPod.Spec(plan.Name, PostgresPlan.User, container);
        pod["terminationGracePeriodSeconds"] = 120;
        AddBackupVolume(plan, pod);
        var set = BackendPod.StatefulSet(plan.Policy, plan.Name, PostgresPlan.Component, plan.IsStopped ? 0 : 1, pod);
        set["spec"]!["volumeClaimTemplates"] = new JsonArray(BackendPod.Claim(plan.Policy, PostgresPlan.Component, plan.Document.Storage!.Value.ToString()));
        return set;
    }

    // Backups outlive the policy as its data does: the claim carries no owner.
    private static JsonObject BackupClaim(PostgresPlan plan)
    {
        var claim = OwnedObject.Of(plan.Policy, "v1", "PersistentVolumeClaim", plan.BackupName, PostgresPlan.BackupComponent, isKept: true);
        claim["spec"] = new JsonObject
        {
            ["accessModes"] = new JsonArray("ReadWriteOnce"),
            ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = BackupSize(plan) } },
        };
        return claim;
    }

    // A compressed copy for each that is kept is seldom more than a third of the data; twice the data is room for the log too.
    private static string BackupSize(PostgresPlan plan) =>
        new TierOperator.Policy.Values.Quantity(plan.Document.Storage!.Value.Bytes * Math.Max(2, plan.Backup!.Keep!.Value / 3)).ToString();

    /// <summary>What every container of this server is told.</summary>
    public static JsonArray Environment(PostgresPlan plan)
    {
        var environment = new JsonArray();
        if (plan.HasTls) environment.Add(BackendPod.Variable("TLS", "yes"));
        if (plan.Backup is not null) environment.Add(BackendPod.Variable("BACKUP", BackupFolder));
        return environment;
    }

    public static void AddBackupMount(PostgresPlan plan, JsonObject container)
    {
        if (plan.Backup is not null) ((JsonArray)container["volumeMounts"]!).Add(new JsonObject { ["name"] = "backup", ["mountPath"] = BackupFolder });
    }

    public static void AddBackupVolume(PostgresPlan plan, JsonObject pod)
    {
        if (plan.Backup is not null) ((JsonArray)pod["volumes"]!).Add(new JsonObject { ["name"] = "backup", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = plan.BackupName } });
    }
}
