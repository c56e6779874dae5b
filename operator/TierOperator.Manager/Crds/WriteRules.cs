namespace TierOperator.Manager.Crds;

/// <summary>
/// What a rule's write, ack and tiers allow, and what else depends on the tiers that a rule uses: the table of
/// <see cref="Policy.Validation.WriteCombination"/> in CEL. A rule without tiers uses all that are declared, under
/// MemoryOnly memory alone.
/// </summary>
internal static class WriteRules
{
    private const string Mirror = "(has(self.tiers.spillover) && self.tiers.spillover.mode == 'Mirror')";
    private const string Overflow = "(has(self.tiers.spillover) && self.tiers.spillover.mode == 'Overflow')";
    private static readonly string BelowMemory = $"({Uses("spillover")} || {Uses("redis")} || {Uses("postgres")})";

    public static IReadOnlyList<SchemaRule> All { get; } =
    [
        Rule("rule.write != 'MemoryOnly' || has(self.tiers.memory)", "MemoryOnly needs the memory tier"),
        Rule("rule.write != 'Behind' || has(self.tiers.spillover)", "Behind keeps what is pending in the journal: declare tiers.spillover, or write `write: Through`"),
        Rule($"rule.write != 'Around' || {BelowMemory}", "Around skips memory, and a rule has no other tier"),
        Rule($"rule.write != 'Around' || !{Overflow} || !{Uses("spillover")}", "Around skips memory, and Overflow puts on disk only what memory evicts"),
        Rule($"!{Overflow} || !{Uses("spillover")} || (has(rule.ack) ? rule.ack == 'Memory' : {Uses("memory")})",
            "under Overflow a write cannot wait for more than Memory: write `ack: Memory`, or `mode: Mirror`"),
        Rule($"!has(rule.ack) || rule.ack != 'Memory' || {Uses("memory")}", "a rule without memory cannot be acknowledged by it"),
        Rule($"!has(rule.ack) || rule.ack != 'Disk' || ({Mirror} && {BelowMemory})", "nothing of a rule is on disk when a write is answered: add spillover, as Mirror, or write another ack"),
        Rule($"!has(rule.ack) || rule.ack != 'Redis' || {Uses("redis")}", "a rule waits for Redis, which it does not use"),
        Rule($"!has(rule.ack) || rule.ack != 'Postgres' || {Uses("postgres")}", "a rule waits for PostgreSQL, which it does not use"),
        .. new[] { "memory", "spillover", "redis", "postgres" }.Select(tier =>
            Rule($"!has(rule.ttl) || !has(rule.ttl.{tier}) || {Uses(tier)}", $"a rule has a ttl for {tier}, which it does not use")),
        Rule($"!has(rule.preload) || {Uses("memory")}", "a rule with preload has no memory to load into"),
        Rule($"!has(rule.demoteAfter) || [{Uses("memory")}, {Uses("spillover")}, {Uses("redis")}, {Uses("postgres")}].filter(used, used).size() > 1",
            "a rule with demoteAfter has no lower tier to move to"),
        new("spec.rules[]", "self.write != 'MemoryOnly' || !has(self.tiers) || self.tiers == ['memory']",
            "MemoryOnly writes to memory alone: write `tiers: [memory]`, or another `write`"),
        new("spec.rules[]", "self.write != 'MemoryOnly' || !has(self.ack) || self.ack == 'Memory'", "under MemoryOnly a write can wait for nothing but Memory"),
        new("spec.rules[]", "self.write != 'Around' || !has(self.ack) || self.ack != 'Memory'", "Around does not write to memory, so memory cannot acknowledge"),
        new("spec.rules[]", "self.write != 'Behind' || !has(self.ack) || self.ack in ['Memory', 'Disk']",
            "Behind answers before Redis and PostgreSQL hold the write: write `write: Through`, or `ack: Disk`"),
        new("spec.rules[]", "!has(self.sourcePriority) || self.onConflict == 'SourcePriority'", "sourcePriority is read under `onConflict: SourcePriority` alone"),
        new("spec.rules[].demoteAfter", "has(self.age) || has(self.count)", "write `age: 24h` or `count: 1000`, or take demoteAfter out"),
    ];

    private static SchemaRule Rule(string expression, string message) => new("spec", $"!has(self.rules) || self.rules.all(rule, {expression})", message);

    private static string Uses(string tier) => tier == "memory"
        ? "(has(rule.tiers) ? 'memory' in rule.tiers : has(self.tiers.memory))"
        : $"(has(rule.tiers) ? '{tier}' in rule.tiers : (rule.write != 'MemoryOnly' && has(self.tiers.{tier})))";
}
