using System.Text.Json;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Admin;

/// <summary>Reads by rule and tier, as <c>/v1/stats</c> tells them.</summary>
internal static class AccessesJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<RuleAccesses> rules)
    {
        json.WriteStartArray("rules");
        foreach (var rule in rules)
        {
            json.WriteStartObject();
            json.WriteString("rule", rule.Rule);
            json.WriteNumber("misses", rule.Misses);
            json.WriteStartArray("tiers");
            foreach (var tier in rule.Tiers) WriteTier(json, tier);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTier(Utf8JsonWriter json, TierAccesses tier)
    {
        json.WriteStartObject();
        json.WriteString("tier", tier.Tier);
        json.WriteNumber("hits", tier.Hits);
        json.WriteNumber("bytes", tier.Bytes);
        json.WriteStartObject("reaccess");
        foreach (var (within, reads) in tier.After) json.WriteNumber(within, reads);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
