using System.Buffers;
using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

/// <summary>A whole object, unknown fields included, but for <c>managedFields</c>. Immutable.</summary>
public sealed record RawObject(ObjectMeta Metadata, JsonElement Body) : IKubeObject
{
    private const string ManagedFields = "managedFields";

    public static RawObject Read(JsonElement body) => new(ObjectMeta.Read(body), Kept(body));

    /// <summary>Keeps whole objects: for kinds of which there are few.</summary>
    public static ResourceView<RawObject> View(ResourceType type) => new(type, Read);

    // Who owns which field is the server's to know. It is often the largest part of an object, and nobody here asks for it.
    private static JsonElement Kept(JsonElement body)
    {
        var metadata = JsonFields.Object(body, "metadata");
        if (metadata.ValueKind != JsonValueKind.Object || !metadata.TryGetProperty(ManagedFields, out _)) return body.Clone();
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true })) Write(writer, body);
        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement body)
    {
        writer.WriteStartObject();
        foreach (var field in body.EnumerateObject())
        {
            if (!field.NameEquals("metadata"))
            {
                field.WriteTo(writer);
                continue;
            }

            writer.WriteStartObject("metadata");
            foreach (var entry in field.Value.EnumerateObject())
                if (!entry.NameEquals(ManagedFields)) entry.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
