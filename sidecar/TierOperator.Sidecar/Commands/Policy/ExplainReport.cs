using System.Text.Json.Nodes;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Explaining;
using TierOperator.Policy.Values;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Writes an explanation for people and for programs.</summary>
internal sealed class ExplainReport(TextWriter output, TerminalStyle style)
{
    public static JsonObject Json(ExplainQuestion question, CompiledPolicy policy, PolicyExplanation explanation)
    {
        var rule = explanation.Rule;
        return new JsonObject
        {
            ["session"] = question.Session,
            ["item"] = question.Item,
            ["policy"] = policy.Name,
            ["revision"] = policy.Revision,
            ["rule"] = rule.Name,
            ["tiers"] = new JsonArray([.. Residencies(rule).Select(tier => new JsonObject { ["tier"] = tier.Name, ["ttl"] = $"{new Duration(tier.Ttl)}" })]),
            ["write"] = $"{rule.Write}",
            ["ack"] = $"{rule.Ack}",
            ["onTierFailure"] = $"{rule.OnTierFailure}",
            ["deadline"] = $"{new Duration(rule.Deadline)}",
            ["promoteAfter"] = rule.PromoteAfter,
            ["strategy"] = rule.Strategy,
            ["reasons"] = new JsonArray([.. explanation.Reasons.Select(reason => new JsonObject { ["rule"] = reason.Rule, ["verdict"] = $"{reason.Verdict}", ["reason"] = reason.Reason })]),
        };
    }

    public void Write(ExplainQuestion question, CompiledPolicy policy, PolicyExplanation explanation)
    {
        var rule = explanation.Rule;
        var what = question.Item is null ? $"session {question.Session}" : $"session {question.Session}, item {question.Item}";
        output.WriteLine($"{what}: rule {style.Green(rule.Name)}");
        Line("tiers", string.Join(", ", Residencies(rule).Select(tier => $"{tier.Name} ({new Duration(tier.Ttl)})")));
        Line("write", $"{rule.Write}, acknowledged by {rule.Ack}");
        Line("failure", rule.OnTierFailure == TierFailure.Degrade ? "Degrade: answered without the tier that is away" : "Fail: 503 while a tier that is needed is away");
        Line("deadline", $"{new Duration(rule.Deadline)} after the last access, unless a write sets its own");
        if (rule.Tiers.HasFlag(TierSet.Memory) && rule.Tiers != TierSet.Memory)
            Line("loaded", rule.PromoteAfter == 1 ? "into memory by the first access" : $"into memory by access {rule.PromoteAfter}");
        if (rule.Tiers.HasFlag(TierSet.Redis) && rule.Strategy is not null && policy.Strategies.TryGetValue(rule.Strategy, out var strategy))
            Line("redis", strategy.Items.Count == 0 ? $"{strategy.Name}: nothing" : $"{strategy.Name}: {string.Join(", ", strategy.Items)} for {new Duration(strategy.Ttl)}");
        if (rule.DataCategory is not null) Line("category", rule.DataCategory);
        output.WriteLine();
        WriteReasons(explanation);
    }

    private void WriteReasons(PolicyExplanation explanation)
    {
        output.WriteLine("rules in order:");
        var width = explanation.Reasons.Max(reason => reason.Rule.Length);
        foreach (var reason in explanation.Reasons)
        {
            var mark = reason.Verdict switch { RuleVerdict.Taken => style.Green("yes"), RuleVerdict.PassedOver => style.Red("no "), _ => "-  " };
            output.WriteLine($"  {mark} {reason.Rule.PadRight(width)}  {reason.Reason}");
        }
    }

    private void Line(string name, string text) => output.WriteLine($"  {style.Bold(name.PadRight(9))} {text}");

    private static IEnumerable<(string Name, TimeSpan Ttl)> Residencies(CompiledRule rule)
    {
        if (rule.Tiers.HasFlag(TierSet.Memory)) yield return ("memory", rule.MemoryTtl);
        if (rule.Tiers.HasFlag(TierSet.Spillover)) yield return ("spillover", rule.SpilloverTtl);
        if (rule.Tiers.HasFlag(TierSet.Redis)) yield return ("redis", rule.RedisTtl);
        if (rule.Tiers.HasFlag(TierSet.Postgres)) yield return ("postgres", rule.PostgresRetention);
    }
}
