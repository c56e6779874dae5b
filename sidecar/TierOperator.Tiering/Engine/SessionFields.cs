using System.Text;
using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>The JSON fields of a session as it will be after a mutation, read when a condition asks for one.</summary>
internal sealed class FieldsAfterWrite(PresentSession present, SessionMutation mutation) : ISessionFields
{
    public bool TryGetField(string path, out string value)
    {
        value = "";
        return ItemBytes(JsonField.ItemOf(path)) is { } json && JsonField.TryRead(json, path, out value);
    }

    private byte[]? ItemBytes(byte[] name)
    {
        for (var i = mutation.Puts.Count - 1; i >= 0; i--)
            if (mutation.Puts[i].Item.Span.SequenceEqual(name))
                return mutation.Puts[i].Value.Large is null ? mutation.Puts[i].Value.ToArray() : null;
        if (mutation.Replace || mutation.Deletes.Any(item => item.Span.SequenceEqual(name))) return null;
        return present.BytesOf(name);
    }
}

/// <summary>The fields of a session at hand.</summary>
internal sealed class SnapshotFields(SessionSnapshot session) : ISessionFields
{
    public bool TryGetField(string path, out string value)
    {
        value = "";
        var name = JsonField.ItemOf(path);
        foreach (var item in session.Items)
            if (item.Key.AsSpan().SequenceEqual(name) && item.Value.Large is null)
                return JsonField.TryRead(item.Value.ToArray(), path, out value);
        return false;
    }
}

/// <summary>A field of a session, as conditions name it: the item, then members of its JSON, joined by dots.</summary>
internal static class JsonField
{
    /// <summary>The item that a path begins with.</summary>
    public static byte[] ItemOf(string path)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(dot < 0 ? path : path[..dot]);
    }

    /// <summary>Reads what a path leads to in its item.</summary>
    public static bool TryRead(byte[] json, string path, out string value)
    {
        value = "";
        try
        {
            using var document = JsonDocument.Parse(json);
            var element = document.RootElement;
            foreach (var name in path.Split('.').Skip(1))
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return false;
            value = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
            return true;
        }
        catch (JsonException)
        {
            return false; // not JSON: it has no fields
        }
    }
}
