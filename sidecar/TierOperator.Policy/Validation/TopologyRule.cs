using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Shards belong to a Cluster, replicas to whatever is not Standalone.</summary>
internal sealed class TopologyRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        const string path = "spec.tiers.redis.managed";
        if (context.Tiers.Redis?.Managed is not { } redis || context.IsBroken(path + ".topology")) return;
        var topology = redis.Topology ?? RedisTopology.Standalone;
        if (redis.Shards is not null && topology != RedisTopology.Cluster)
            context.Report(PolicyCodes.TopologyCounts, path + ".shards", $"{topology} has no shards", "write `topology: Cluster`, or take shards out");
        if (redis.Replicas > 0 && topology == RedisTopology.Standalone)
            context.Report(PolicyCodes.TopologyCounts, path + ".replicas", "Standalone has no replicas", "write `topology: Replicated`, or take replicas out");
        if (redis.Replicas == 0 && topology == RedisTopology.Replicated)
            context.Report(PolicyCodes.TopologyCounts, path + ".replicas", "Replicated without a replica is Standalone", "write `replicas: 1` or more, or `topology: Standalone`");
    }
}
