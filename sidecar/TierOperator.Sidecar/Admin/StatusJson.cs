using System.Text.Json;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Http;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Admin;

/// <summary>The status document of both ports.</summary>
internal static class StatusJson
{
    public static void Write(Utf8JsonWriter json, Lifecycle lifecycle, PolicyState policy, TimeProvider time)
    {
        json.WriteString("phase", lifecycle.Phase.ToString());
        WritePolicy(json, policy);
        if (lifecycle.Engine is not { } engine) return;
        WriteHealth(json, engine);
        WriteCounters(json, engine);
    }

    public static void WritePolicy(Utf8JsonWriter json, PolicyState policy)
    {
        var now = policy.Now;
        json.WriteStartObject("policy");
        json.WriteString("name", now.Running.Compiled.Name);
        json.WriteString("namespace", now.Running.Compiled.Namespace);
        json.WriteString("revision", now.Running.Compiled.Revision);
        json.WriteString("acceptedAt", now.AcceptedAt);
        json.WriteStrings("restartRequired", now.RestartRequired);
        if (now.LastRefusal is { } refusal)
        {
            json.WriteStartObject("refused");
            json.WriteString("revision", refusal.Revision);
            json.WriteString("at", refusal.At);
            json.WriteStrings("reasons", refusal.Reasons);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("refused");
        }

        json.WriteEndObject();
    }

    public static void WriteHealth(Utf8JsonWriter json, TierEngine engine)
    {
        var status = engine.Status();
        json.WriteString("conditionalScope", status.ConditionalScope);
        json.WriteBoolean("diskIsVolatile", status.DiskIsVolatile);
        if (status.Backplane is { } backplane) json.WriteString("backplane", backplane);
        json.WriteStartArray("tiers");
        foreach (var tier in status.Tiers) WriteTier(json, tier);
        json.WriteEndArray();
    }

    public static void WriteCounters(Utf8JsonWriter json, TierEngine engine)
    {
        var status = engine.Status();
        json.WriteStartObject("counters");
        json.WriteNumber("misses", status.Misses);
        json.WriteNumber("writes", status.Writes);
        json.WriteNumber("deletes", status.Deletes);
        json.WriteNumber("evictions", status.Evictions);
        json.WriteNumber("evictionsLost", status.EvictionsUnsaved);
        json.WriteNumber("expirations", status.Expirations);
        json.WriteNumber("inFlightBytes", status.InFlightBytes);
        json.WriteNumber("deadLetters", status.DeadLetters);
        json.WriteNumber("clockRefused", status.ClockRefused);
        json.WriteEndObject();
    }

    private static void WriteTier(Utf8JsonWriter json, TierStatus tier)
    {
        json.WriteStartObject();
        json.WriteString("name", tier.Name);
        json.WriteString("state", tier.State);
        json.WriteNumber("usedBytes", tier.UsedBytes);
        json.WriteNumber("capacityBytes", tier.CapacityBytes);
        json.WriteNumber("sessions", tier.Sessions);
        json.WriteNumber("items", tier.Items);
        json.WriteNumber("hits", tier.Hits);
        if (tier.Reason is not null) json.WriteString("reason", tier.Reason);
        if (tier.Name is "redis" or "postgres")
        {
            json.WriteNumber("backlogSessions", tier.BacklogSessions);
            json.WriteNumber("backlogBytes", tier.BacklogBytes);
            json.WriteString("breaker", tier.IsBreakerOpen ? "open" : "closed");
            json.WriteNumber("calls", tier.Calls);
            json.WriteNumber("failures", tier.Failures);
            json.WriteNumber("skipped", tier.Skipped);
            json.WriteTime("settled", tier.SettledMs);
            if (tier.ClockSkew is { } skew) json.WriteNumber("clockSkewSeconds", Math.Round(skew.TotalSeconds, 3));
        }

        json.WriteEndObject();
    }
}
