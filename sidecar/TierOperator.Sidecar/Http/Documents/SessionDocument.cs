using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Documents;

/// <summary>One top-level member of a document: its name, and its value as bytes of a content type, or null.</summary>
internal readonly record struct DocumentMember(byte[] Name, string ContentType, ReadOnlyMemory<byte> Value, JsonTokenType Kind)
{
    public bool IsNull => Kind == JsonTokenType.Null;

    /// <summary>True for a JSON object that is not a <c>$base64</c> envelope: what a merge patch goes into.</summary>
    public bool IsObject => Kind == JsonTokenType.StartObject;

    public ItemWrite ToWrite() => new(Name, ContentType, ItemValue.From(Value));
}

/// <summary>
/// Reads a JSON session document: its top-level members are the items, as written, or unpacked where a member is an
/// <c>{"$contentType": …, "$base64": …}</c> envelope. Values refer to the given bytes and live as long as they do.
/// </summary>
internal static class SessionDocument
{
    public const string JsonType = "application/json";
    public const string ContentTypeMember = "$contentType";
    public const string Base64Member = "$base64";

    /// <summary>The longest content type that is kept.</summary>
    public const int MaxContentTypeLength = 256;

    /// <summary>Whether a content type may be stored: an answer's header can carry it, and it is not the sidecar's own.</summary>
    public static bool TakesType(string contentType)
        => contentType.Length is > 0 and <= MaxContentTypeLength && !contentType.AsSpan().ContainsAnyExceptInRange(' ', '~') && !ConflictDocument.IsOne(contentType);

    public static bool TryRead(ReadOnlyMemory<byte> json, out List<DocumentMember> members, out Problem? problem)
    {
        members = [];
        try
        {
            problem = Utf8.IsValid(json.Span) ? Read(json, members) : Problems.Malformed("The body is not UTF-8.");
        }
        catch (JsonException e)
        {
            problem = Problems.Malformed($"The body is not JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            problem = Problems.Malformed("The body has a name or text with half a surrogate pair (\\uD800 to \\uDFFF).");
        }

        return problem is null;
    }

    private static Problem? Read(ReadOnlyMemory<byte> json, List<DocumentMember> members)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Problems.Malformed("The body must be a JSON object: its members are the session's items.");

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!seen.Add(name)) return Problems.Malformed($"The member \"{name}\" stands twice.");
            var id = Encoding.UTF8.GetBytes(name);
            if (id.Length is 0 or > PathParser.MaxIdBytes)
                return Problems.BadId("item", id.Length == 0 ? IdFault.Empty : IdFault.TooLong);
            reader.Read();
            var kind = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var problem = Add(members, id, name, kind, json[start..(int)reader.BytesConsumed]);
            if (problem is not null) return problem;
        }

        // Reads to the end, so that anything after the object is found.
        while (reader.Read()) { }
        return null;
    }

    private static Problem? Add(List<DocumentMember> members, byte[] id, string name, JsonTokenType kind, ReadOnlyMemory<byte> value)
    {
        if (kind != JsonTokenType.StartObject || !Envelope.IsOne(value.Span))
        {
            members.Add(new DocumentMember(id, JsonType, value, kind));
            return null;
        }

        if (!Envelope.TryOpen(value.Span, out var contentType, out var bytes))
            return Problems.Malformed($"The member \"{name}\" has {Base64Member}, but not just a text {ContentTypeMember} and valid base64 beside it.");
        members.Add(new DocumentMember(id, contentType, bytes, JsonTokenType.String));
        return null;
    }
}
