using System.Text.Json;

namespace TierOperator.Sidecar.Http.Documents;

/// <summary>How an item that is no JSON stands in a JSON document: <c>{"$contentType": …, "$base64": …}</c>.</summary>
internal static class Envelope
{
    /// <summary>True when a JSON object has a member named <c>$base64</c> at its top.</summary>
    public static bool IsOne(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(SessionDocument.Base64Member)) return true;
            reader.Skip();
        }

        return false;
    }

    public static bool TryOpen(ReadOnlySpan<byte> json, out string contentType, out byte[] bytes)
    {
        contentType = "application/octet-stream";
        bytes = [];
        var found = false;
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals(SessionDocument.ContentTypeMember);
            var isBytes = reader.ValueTextEquals(SessionDocument.Base64Member);
            if (!reader.Read() || reader.TokenType != JsonTokenType.String || !(isType || isBytes)) return false;
            if (isType) contentType = reader.GetString()!;
            else if (found || !reader.TryGetBytesFromBase64(out bytes!)) return false;
            found |= isBytes;
        }

        return found && SessionDocument.TakesType(contentType);
    }
}
