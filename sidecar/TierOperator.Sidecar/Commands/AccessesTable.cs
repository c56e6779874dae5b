using System.Text.Json;
using Spectre.Console;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary>Reads by rule and tier, for people: of the times between accesses, within which half and nine tenths of the reads came.</summary>
internal static class AccessesTable
{
    public static Table Of(JsonElement rules)
    {
        var table = Tables.Plain("rule", "tier", "hits", "bytes", "half within", "9 of 10 within");
        foreach (var rule in rules.EnumerateArray())
        {
            var name = Tables.Text(rule.GetProperty("rule"));
            foreach (var tier in rule.GetProperty("tiers").EnumerateArray())
                table.Add(
                    name, Tables.Text(tier.GetProperty("tier")), Tables.Text(tier.GetProperty("hits")), Tables.Bytes(tier.GetProperty("bytes")),
                    Within(tier.GetProperty("reaccess"), 0.5), Within(tier.GetProperty("reaccess"), 0.9));
            table.Add(name, "none", Tables.Text(rule.GetProperty("misses")), "-", "-", "-");
        }

        return table;
    }

    internal static string Within(JsonElement reaccess, double share)
    {
        var classes = reaccess.EnumerateObject().Select(static member => (member.Name, Reads: member.Value.GetInt64())).ToList();
        var (left, all) = (0L, classes.Sum(static one => one.Reads));
        foreach (var (name, reads) in classes)
        {
            left += reads;
            if (reads > 0 && left >= share * all) return name;
        }

        return "-";
    }
}
