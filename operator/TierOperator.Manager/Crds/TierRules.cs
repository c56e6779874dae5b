namespace TierOperator.Manager.Crds;

/// <summary>What must hold within the tiers and the sidecar's container.</summary>
internal static class TierRules
{
    public static IReadOnlyList<SchemaRule> All { get; } =
    [
        new("spec.tiers", "has(self.memory) || has(self.spillover) || has(self.redis) || has(self.postgres)",
            "no tier is declared: write at least `memory: {}`"),
        new("spec.tiers.memory", "self.evictToPercent < self.evictAtPercent",
            "evictToPercent must be less than evictAtPercent"),
        new("spec.tiers.spillover.volume", "has(self.emptyDir) != has(self.volumeClaimTemplate)",
            "write exactly one of emptyDir and volumeClaimTemplate"),
        new("spec.tiers.redis", "has(self.managed) != has(self.external)",
            "write exactly one of managed and external"),
        new("spec.tiers.redis.managed", "!has(self.shards) || self.topology == 'Cluster'",
            "only a Cluster has shards: write `topology: Cluster`, or take shards out"),
        new("spec.tiers.redis.managed", "!has(self.replicas) || self.topology != 'Standalone' || self.replicas == 0",
            "Standalone has no replicas: write `topology: Replicated`, or take replicas out"),
        new("spec.tiers.redis.managed", "!has(self.replicas) || self.topology != 'Replicated' || self.replicas > 0",
            "Replicated needs a replica: write `replicas: 1` or more, or `topology: Standalone`"),
        new("spec.tiers.postgres", "[has(self.managed), has(self.external), has(self.cloudNativePG)].filter(form, form).size() == 1",
            "write exactly one of managed, external and cloudNativePG"),
        new("spec.sidecar.ports", "self.api != self.admin || self.api == 0", "api and admin would both listen on one port"),
        new("spec.sidecar.ports", "self.api != self.resp || self.api == 0", "api and resp would both listen on one port"),
        new("spec.sidecar.ports", "self.admin != self.resp || self.admin == 0", "admin and resp would both listen on one port"),
        new("spec.selector.matchExpressions[]", "self.operator in ['In', 'NotIn'] == (has(self.values) && self.values.size() > 0)",
            "In and NotIn take one value or more, Exists and DoesNotExist none"),
    ];
}
