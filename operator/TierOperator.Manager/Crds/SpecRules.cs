using TierOperator.Policy.Compiling;
using TierOperator.Policy.Fields;

namespace TierOperator.Manager.Crds;

/// <summary>What must hold between the parts of a policy.</summary>
internal static class SpecRules
{
    private static readonly string[] Tiers = [.. FieldTree.Find("spec.tiers")!.Children.Select(tier => tier.Name)];

    private static readonly string BuiltIn = string.Join(", ", BuiltInStrategies.All.Keys.Append(BuiltInStrategies.None).Select(name => $"'{name}'"));

    public static IReadOnlyList<SchemaRule> All { get; } =
    [
        .. Tiers.Select(Undeclared),
        new("spec.rules[]", "self.name != 'default'", "`default` is the name of the implicit last rule: choose another"),
        new("spec.strategies", $"!('{BuiltInStrategies.None}' in self)", "None always means: nothing in Redis. Choose another name"),
        new("spec", Known("self.rules.filter(rule, has(rule.strategy))", "rule.strategy", "!has(self.rules) || "),
            "a rule names a strategy that is neither built in nor declared under strategies"),
        new("spec", Default("sessionStrategy"), "defaults.sessionStrategy is neither built in nor declared under strategies"),
        new("spec", Default("interactionStrategy"), "defaults.interactionStrategy is neither built in nor declared under strategies"),
        new("spec", "!has(self.sync) || !(self.sync.backplane in ['Tracking', 'PubSub']) || has(self.tiers.redis)",
            "Tracking and PubSub go through Redis: declare tiers.redis, or write `backplane: Auto`"),
        new("spec", "!has(self.sync) || self.sync.backplane != 'Notify' || has(self.tiers.postgres)",
            "Notify goes through PostgreSQL: declare tiers.postgres, or write `backplane: Auto`"),
        new("spec", "!has(self.sync) || !has(self.sync.maxBacklog) || !has(self.tiers.spillover)"
            + " || quantity(string(self.sync.maxBacklog)).compareTo(quantity(string(self.tiers.spillover.capacity))) <= 0",
            "sync.maxBacklog lies in the spillover tier, which is smaller"),
        new("spec.retention[]", "has(self.after) || has(self.maxBytes) || has(self.maxCount)", "write at least one of after, maxBytes and maxCount"),
        new("spec.retention[]", "(self.action == 'Aggregate') == has(self.into)", "Aggregate needs into, and no other action takes it"),
    ];

    private static SchemaRule Undeclared(string tier) => new(
        "spec",
        $"has(self.tiers.{tier}) || ((!has(self.rules) || !self.rules.exists(rule, has(rule.tiers) && '{tier}' in rule.tiers))"
        + $" && (!has(self.routes) || !self.routes.exists(route, has(route.cache) && has(route.cache.tiers) && '{tier}' in route.cache.tiers)))",
        $"a rule or route names the tier {tier}, which is not declared");

    private static string Default(string field) => Known($"[self.defaults.{field}]", "name", "!has(self.defaults) || ").Replace("rule, ", "name, ", StringComparison.Ordinal);

    private static string Known(string list, string name, string guard) =>
        $"{guard}{list}.all(rule, {name} in [{BuiltIn}] || (has(self.strategies) && {name} in self.strategies))";
}
