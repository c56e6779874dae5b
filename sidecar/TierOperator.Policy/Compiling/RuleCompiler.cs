using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Compiling;

/// <summary>Compiles the rules of one policy, whose model defaults are filled in already.</summary>
internal sealed class RuleCompiler(SpecDocument spec)
{
    private readonly TierSet _declared = RuleDefaults.Declared(spec.Tiers);

    /// <summary>The last rule, which takes the rest.</summary>
    public static RuleDocument Implicit()
    {
        var rule = new RuleDocument { Name = PolicyCompiler.DefaultRule };
        var carrier = new TierPolicyDocument { Spec = new SpecDocument { Rules = [rule] } };
        return EffectiveDocument.Of(carrier).Spec!.Rules![0];
    }

    public RuleMatcher.Entry Compile(RuleDocument rule, int index)
    {
        var items = Globs(rule.Match?.Items);
        var where = Conditions(rule.Match?.Where).ToArray();
        return new RuleMatcher.Entry(CompileRule(rule, index, items.Length > 0, where.Length > 0), Globs(rule.Match?.Sessions), items, where);
    }

    /// <summary>Compiles a rule that takes the sessions of one glob and all their items.</summary>
    public RuleMatcher.Entry Compile(RuleDocument rule, int index, Glob sessions) => new(CompileRule(rule, index, false, false), [sessions], [], []);

    /// <summary>Conditions as the matcher checks them.</summary>
    public static IEnumerable<WhereCondition> Conditions(IReadOnlyList<WhereDocument>? where) =>
        (where ?? []).Select(entry => new WhereCondition(entry.Field!, entry.Operator!.Value, [.. (entry.Values ?? []).Select(value => value.Text)]));

    private CompiledRule CompileRule(RuleDocument rule, int index, bool hasItems, bool hasWhere)
    {
        var tiers = RuleDefaults.TiersOf(rule, _declared);
        var ttls = TtlsOf(rule, tiers);
        return new CompiledRule
        {
            Name = rule.Name!, Index = index, Tiers = tiers, HasItems = hasItems, HasWhere = hasWhere,
            Write = rule.Write!.Value,
            Ack = rule.Ack ?? RuleDefaults.AckOf(rule.Write.Value, tiers, RuleDefaults.ModeOf(spec.Tiers)),
            OnTierFailure = rule.OnTierFailure!.Value,
            PromoteAfter = rule.PromoteAfter!.Value,
            MemoryTtl = ttls[0], SpilloverTtl = ttls[1], RedisTtl = ttls[2], PostgresRetention = ttls[3],
            Deadline = ttls.Max(),
            DemoteAfterAge = rule.DemoteAfter?.Age?.Value,
            DemoteAfterCount = rule.DemoteAfter?.Count,
            PreloadSessions = [.. (rule.Preload?.Sessions ?? []).Select(glob => new Glob(glob))],
            PreloadRelated = rule.Preload?.Related,
            Parent = rule.Parent,
            SessionGlobs = [.. rule.Match?.Sessions ?? ["*"]],
            OnConflict = rule.OnConflict!.Value,
            SourcePriority = [.. (rule.SourcePriority ?? [TierName.Postgres, TierName.Redis, TierName.Spillover, TierName.Memory]).Select(RuleDefaults.FlagOf)],
            DataCategory = rule.DataCategory,
            PiiMask = rule.Pii?.Mask ?? [],
            Strategy = rule.Strategy ?? (rule.Parent is null ? spec.Defaults!.SessionStrategy : spec.Defaults!.InteractionStrategy),
            RespDegradedOk = rule.Resp?.Degraded == DegradedAnswer.Ok,
        };
    }

    /// <summary>The sliding residency per tier, in the order of the tiers; zero where the rule has not the tier.</summary>
    private TimeSpan[] TtlsOf(RuleDocument rule, TierSet tiers)
    {
        Duration?[] own = [rule.Ttl?.Memory, rule.Ttl?.Spillover, rule.Ttl?.Redis, rule.Ttl?.Postgres];
        Duration?[] tier = [spec.Tiers!.Memory?.Ttl, spec.Tiers.Spillover?.Ttl, spec.Tiers.Redis?.Ttl, spec.Tiers.Postgres?.Retention];
        return [.. own.Select((ttl, index) => tiers.HasFlag((TierSet)(1 << index)) ? (ttl ?? tier[index])!.Value.Value : TimeSpan.Zero)];
    }

    /// <summary>None for "everything", so that the matcher has nothing to check.</summary>
    private static Glob[] Globs(IReadOnlyList<string>? patterns) =>
        patterns is null || patterns.Contains("*") ? [] : [.. patterns.Select(pattern => new Glob(pattern))];
}
