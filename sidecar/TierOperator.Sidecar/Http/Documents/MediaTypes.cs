namespace TierOperator.Sidecar.Http.Documents;

/// <summary>What the sidecar wants to know of a content type.</summary>
internal static class MediaTypes
{
    /// <summary>True for application/json and types with the +json suffix, parameters aside.</summary>
    public static bool IsJson(string? contentType)
    {
        var type = Essence(contentType);
        return type.Equals(SessionDocument.JsonType, StringComparison.OrdinalIgnoreCase)
            || (type.EndsWith("+json", StringComparison.OrdinalIgnoreCase) && type.Contains('/'));
    }

    public static bool Is(string? contentType, string wanted)
        => Essence(contentType).Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Essence(string? contentType)
    {
        var text = contentType.AsSpan();
        var parameters = text.IndexOf(';');
        return (parameters < 0 ? text : text[..parameters]).Trim();
    }
}
