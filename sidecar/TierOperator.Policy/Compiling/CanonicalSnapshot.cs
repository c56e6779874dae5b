using System.Collections;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Compiling;

/// <summary>
/// The document in its one canonical form: JSON, keys sorted by code unit, no white space, durations and sizes in one
/// spelling each, sets sorted, without status and without what the API server writes into metadata. The same meaning
/// gives the same bytes, whatever the order, comments and format of the file; the loader reads it again.
/// </summary>
public static class CanonicalSnapshot
{
    private static readonly JsonWriterOptions s_options = new() { Indented = false, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The snapshot of a document that has no faults.</summary>
    public static byte[] Write(TierPolicyDocument document)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options))
            WriteObject(writer, FieldTree.Root, Normal(document));
        return stream.ToArray();
    }

    /// <summary>SHA-256, lower-case hexadecimal.</summary>
    public static string Revision(ReadOnlySpan<byte> snapshot) => Convert.ToHexStringLower(SHA256.HashData(snapshot));

    /// <summary>One value in canonical form; texts without quotes.</summary>
    internal static string TextOfValue(FieldDescription field, object value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options)) WriteValue(writer, field, value);
        var text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        return text is ['"', .., '"'] ? JsonSerializer.Deserialize<string>(text)! : text;
    }

    private static TierPolicyDocument Normal(TierPolicyDocument document) => document with
    {
        SchemaVersion = TierPolicyDocument.NewestSchema,
        Status = null,
        Metadata = new MetadataDocument { Name = document.Metadata?.Name, Namespace = document.Metadata?.Namespace ?? "default" },
    };

    private static void WriteObject(Utf8JsonWriter writer, FieldDescription field, object value)
    {
        writer.WriteStartObject();
        foreach (var child in field.Children.OrderBy(child => child.Name, StringComparer.Ordinal))
        {
            if (child.Property!.GetValue(value) is not { } item) continue;
            writer.WritePropertyName(child.Name);
            WriteValue(writer, child, item);
        }

        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, FieldDescription field, object value)
    {
        switch (value)
        {
            case IDictionary map:
                WriteMap(writer, field.Element!, map);
                break;
            case IList list:
                WriteList(writer, field, list);
                break;
            case JsonNode node:
                WriteFree(writer, node);
                break;
            case int or long:
                writer.WriteNumberValue(Convert.ToInt64(value));
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case CountOrPercent { IsPercent: false } count:
                writer.WriteNumberValue(count.Number);
                break;
            default:
                if (field.Kind == FieldKind.Object) WriteObject(writer, field, value);
                else writer.WriteStringValue(TextOf(field, value));
                break;
        }
    }

    private static string TextOf(FieldDescription field, object value) =>
        field.Kind == FieldKind.Enumeration ? FieldTree.WireName(field.ClrType, value.ToString()!) : value.ToString()!;

    private static void WriteMap(Utf8JsonWriter writer, FieldDescription element, IDictionary map)
    {
        writer.WriteStartObject();
        foreach (var key in map.Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            writer.WritePropertyName(key);
            WriteValue(writer, element, map[key]!);
        }

        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, FieldDescription field, IList list)
    {
        writer.WriteStartArray();
        var items = list.Cast<object>();
        if (field.IsSet) items = items.OrderBy(item => TextOf(field.Element!, item), StringComparer.Ordinal);
        foreach (var item in items) WriteValue(writer, field.Element!, item);
        writer.WriteEndArray();
    }

    private static void WriteFree(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    WriteFree(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray array:
                writer.WriteStartArray();
                foreach (var item in array) WriteFree(writer, item);
                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
