using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Documents;

/// <summary>
/// RFC 7396 over a session: a null member deletes the item, an object merges into the item where that is a JSON object,
/// anything else replaces it.
/// </summary>
internal static class MergePatch
{
    /// <summary>
    /// True when the result depends on what is there now, so that the session must be held still: objects are merged into
    /// items, and nothing but nulls makes an empty session where there is none.
    /// </summary>
    public static bool NeedsPresent(List<DocumentMember> patch)
        => patch.Exists(member => member.IsObject) || (patch.Count > 0 && patch.TrueForAll(member => member.IsNull));

    /// <summary>What the patch comes to on a session; null: there is none yet.</summary>
    public static SessionChange Apply(List<DocumentMember> patch, SessionSnapshot? present)
    {
        List<ItemWrite> puts = [];
        List<ReadOnlyMemory<byte>> deletes = [];
        foreach (var member in patch)
        {
            if (member.IsNull) deletes.Add(member.Name);
            else if (member.IsObject) puts.Add(Merge(member, present));
            else puts.Add(member.ToWrite());
        }

        // RFC 7396: what is absent is merged into as an empty document, which nulls leave empty.
        return new SessionChange(puts, puts.Count == 0 && present is null ? [] : deletes);
    }

    private static ItemWrite Merge(DocumentMember member, SessionSnapshot? present)
    {
        var target = present is null ? null : Find(present, member.Name);
        try
        {
            var merged = Merge(target, JsonNode.Parse(member.Value.Span)!.AsObject());
            var bytes = JsonSerializer.SerializeToUtf8Bytes(merged, NodeJsonContext.Default.JsonNode);
            return new ItemWrite(member.Name, SessionDocument.JsonType, ItemValue.From(bytes));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            var name = System.Text.Encoding.UTF8.GetString(member.Name);
            throw new DocumentException($"The patch for \"{name}\", or what stands there, has a member twice or a text with half a surrogate pair: replace the item by PUT.", e);
        }
    }

    private static JsonObject Merge(JsonObject? target, JsonObject patch)
    {
        target ??= [];
        foreach (var (name, value) in patch)
        {
            if (value is null) target.Remove(name);
            else if (value is JsonObject inner) target[name] = Merge(Detach(target, name) as JsonObject, inner);
            else target[name] = value.DeepClone();
        }

        return target;
    }

    // A node has one parent: it is taken out before it is put back merged.
    private static JsonNode? Detach(JsonObject parent, string name)
    {
        if (!parent.TryGetPropertyValue(name, out var node)) return null;
        parent.Remove(name);
        return node;
    }

    private static JsonObject? Find(SessionSnapshot present, byte[] name)
    {
        foreach (var item in present.Items)
        {
            if (!item.Key.AsSpan().SequenceEqual(name)) continue;
            if (!MediaType.IsJson(item.ContentType)) return null;
            try
            {
                return JsonNode.Parse(item.Value.ToArray()) as JsonObject;
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                return null;
            }
        }

        return null;
    }
}
