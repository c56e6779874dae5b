using System.Text.Json.Nodes;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>What runs beside the server on its backups' volume: the backup, the proof that it can be restored, and a restore.</summary>
internal static class PostgresJobs
{
    // Before dawn on Sundays: it reads every table of the server once.
    private const string VerifySchedule = "30 4 * * 0";

    // The longest that a restore may take. What takes longer is a failure, and shows as one.
    private const int MostSeconds = 4 * 3600;

    /// <summary>Base backups by the policy's schedule.</summary>
    public static JsonObject Backup(PostgresPlan plan)
    {
        var environment = Environment(plan);
        environment.Add(BackendPod.Variable("KEEP", BackendPod.Text(plan.Backup!.Keep!.Value)));
        var pod = Pod(plan, "backup", "postgres-backup.sh", environment, BackendPod.EmptyData("64Mi"));
        return CronJob(plan, plan.BackupName, PostgresPlan.BackupComponent, plan.Backup.Schedule!, pod);
    }

    /// <summary>Once a week a restore into a scratch server, compared with the one that serves.</summary>
    public static JsonObject Verify(PostgresPlan plan)
    {
        var scratch = new JsonObject { ["name"] = "data", ["ephemeral"] = new JsonObject { ["volumeClaimTemplate"] = new JsonObject { ["spec"] = ClaimSpec(plan) } } };
        var pod = Pod(plan, "verify", "postgres-verify.sh", Environment(plan), scratch);
        var job = CronJob(plan, plan.VerifyName, PostgresPlan.VerifyComponent, VerifySchedule, pod);
        job["spec"]!["jobTemplate"]!["spec"]!["activeDeadlineSeconds"] = MostSeconds;
        return job;
    }

    /// <summary>Takes the server's volume back to a time. It must be stopped; see <see cref="PostgresPlan.IsStopped"/>.</summary>
    public static JsonObject Restore(PostgresPlan plan, RestoreRequest request)
    {
        var environment = Environment(plan);
        environment.Add(BackendPod.Variable("TO", request.TimeText));
        var data = new JsonObject { ["name"] = "data", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = $"data-{plan.Name}-0" } };
        var pod = Pod(plan, "restore", "postgres-restore.sh", environment, data);

        // Where the server was, nobody is to be beside: it may stand on any node that reaches both volumes.
        pod.Remove("affinity");
        var job = OwnedObject.Of(plan.Policy, "batch/v1", "Job", NameOf(plan, request), PostgresPlan.RestoreComponent);
        job["spec"] = JobSpec(plan, PostgresPlan.RestoreComponent, pod);
        job["spec"]!["activeDeadlineSeconds"] = MostSeconds;
        return job;
    }

    public static string NameOf(PostgresPlan plan, RestoreRequest request) => ObjectNames.Backend(plan.Policy.Name, $"restore-{request.Digest}");

    private static JsonArray Environment(PostgresPlan plan)
    {
        var environment = PostgresObjects.Environment(plan);
        environment.Add(BackendPod.Variable("HOST", plan.Host));
        return environment;
    }

    private static JsonObject Pod(PostgresPlan plan, string name, string script, JsonArray environment, JsonObject data)
    {
        var container = BackendPod.Container(name, plan.Image, script, environment);
        PostgresObjects.AddBackupMount(plan, container);
        var pod = BackendPod.Spec(plan.Name, PostgresPlan.User, container);
        ((JsonArray)pod["volumes"]!).Add(data);
        PostgresObjects.AddBackupVolume(plan, pod);
        pod["restartPolicy"] = "Never";

        // The backups' volume is mounted by one node only: the server's.
        pod["affinity"] = new JsonObject
        {
            ["podAffinity"] = new JsonObject
            {
                ["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonArray(new JsonObject
                {
                    ["labelSelector"] = new JsonObject { ["matchLabels"] = OwnedObject.Selector(plan.Policy, PostgresPlan.Component) },
                    ["topologyKey"] = "kubernetes.io/hostname",
                }),
            },
        };
        return pod;
    }

    private static JsonObject CronJob(PostgresPlan plan, string name, string component, string schedule, JsonObject pod)
    {
        var job = OwnedObject.Of(plan.Policy, "batch/v1", "CronJob", name, component);
        job["spec"] = new JsonObject
        {
            ["schedule"] = schedule,
            ["concurrencyPolicy"] = "Forbid",
            ["startingDeadlineSeconds"] = 3600,
            ["jobTemplate"] = new JsonObject { ["spec"] = JobSpec(plan, component, pod) },
        };

        // While the server is taken back there is nothing to back up, and what would be is about to be another.
        if (plan.IsStopped) job["spec"]!["suspend"] = true;
        return job;
    }

    private static JsonObject JobSpec(PostgresPlan plan, string component, JsonObject pod) => new()
    {
        ["backoffLimit"] = 2,
        ["template"] = new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = OwnedObject.Labels(plan.Policy, component) },
            ["spec"] = pod,
        },
    };

    private static JsonObject ClaimSpec(PostgresPlan plan) => new()
    {
        ["accessModes"] = new JsonArray("ReadWriteOnce"),
        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = plan.Document.Storage!.Value.ToString() } },
    };
}
