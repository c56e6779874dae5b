using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Promises that are weaker than they look.</summary>
internal sealed class DurabilityWarnings : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (!context.TiersAreKnown) return;
        WarnEmptyDir(context);
        WarnReplicas(context);
        if ((context.Declared & (TierSet.Redis | TierSet.Postgres)) == 0 && context.Declared != TierSet.None)
            context.ReportAtName(PolicyCodes.PodScope, "spec.tiers", "without redis and postgres, If-Match, SETNX, INCR and the like are decided by each pod for itself", "declare one of them where several pods share sessions");
    }

    private static void WarnEmptyDir(ValidationContext context)
    {
        if (context.Tiers.Spillover is not { } spillover || spillover.Volume?.VolumeClaimTemplate is not null) return;
        var mode = RuleDefaults.ModeOf(context.Tiers);
        var implicitRule = new RuleDocument();
        var onDisk = context.Rules.Select(entry => entry.Rule).Append(implicitRule).Any(rule =>
            (rule.Ack ?? RuleDefaults.AckOf(rule.Write ?? WriteMode.Through, RuleDefaults.TiersOf(rule, context.Declared), mode)) == AckLevel.Disk);
        if (onDisk)
            context.ReportAtName(PolicyCodes.DiskAckOnEmptyDir, spillover.Volume is null ? "spec.tiers.spillover" : "spec.tiers.spillover.volume",
                "writes are acknowledged on disk, and in a cluster this disk is an emptyDir: it survives the process and the container, not the pod or the node",
                "write `volume: {volumeClaimTemplate: …}`, or acknowledge by a tier that survives (`ack: Redis` or `Postgres`)");
    }

    private static void WarnReplicas(ValidationContext context)
    {
        if (context.Tiers.Redis is not { Managed: { } redis }) return;
        var replicas = redis.Replicas ?? (redis.Topology is null or RedisTopology.Standalone ? 0 : 1);
        if (replicas > 0) return;
        foreach (var (rule, path) in context.Rules)
            if (rule.Ack == AckLevel.Redis)
                context.Report(PolicyCodes.RedisWithoutReplicas, path + ".ack", "one Redis server alone holds the write", "write `topology: Replicated` for the redis tier");
    }
}
