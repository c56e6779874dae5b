using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>What is known of a session, as <c>view=meta</c> and /explain show it.</summary>
internal static class SessionMetaJson
{
    public static void Write(Utf8JsonWriter json, SessionMeta meta)
    {
        json.WriteId("session", meta.Key);
        json.WriteString("rule", meta.Rule.Name);
        json.WriteStrings("tiers", TierNames.Each(meta.Tiers));
        json.WriteNumber("bytes", meta.Bytes);
        json.WriteNumber("accesses", meta.Header.Accesses);
        json.WriteTime("created", meta.Header.CreatedMs);
        json.WriteTime("lastAccess", meta.Header.LastAccessMs);
        json.WriteTime("deadline", meta.Header.DeadlineMs);
        json.WriteBoolean("explicitDeadline", meta.Header.ExplicitDeadline);
        json.WriteString("subject", meta.Header.Subject);
        WriteExpiry(json, meta);
        json.WriteString("durability", Durability(meta.Rule));
        json.WriteStartArray("items");
        foreach (var item in meta.Items)
        {
            json.WriteStartObject();
            json.WriteId("item", item.Key);
            json.WriteString("contentType", item.ContentType);
            json.WriteNumber("bytes", item.Bytes);
            json.WriteString("etag", EntityTag.Format(item.Version));
            json.WriteTime("written", item.Version.Milliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteExpiry(Utf8JsonWriter json, SessionMeta meta)
    {
        json.WriteStartObject("expires");
        if (meta.MemoryExpiresMs > 0) json.WriteTime("memory", meta.MemoryExpiresMs);
        if (meta.SpilloverExpiresMs > 0) json.WriteTime("spillover", meta.SpilloverExpiresMs);
        json.WriteEndObject();
    }

    private static string Durability(CompiledRule rule) => rule.Ack switch
    {
        AckLevel.Memory => "an acknowledged write survives nothing but the process that holds it",
        AckLevel.Disk => "an acknowledged write survives the process and the container; on an emptyDir not the pod or the node",
        _ => "an acknowledged write is held outside the pod",
    };
}
