namespace TierOperator.Tiering.Values;

/// <summary>What a content type says of a value, parameters aside.</summary>
public static class MediaType
{
    /// <summary><c>application/json</c> or a type that ends in <c>+json</c>.</summary>
    public static bool IsJson(string? contentType)
    {
        var type = Essence(contentType);
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || (type.EndsWith("+json", StringComparison.OrdinalIgnoreCase) && type.Contains('/'));
    }

    /// <summary>Whether it is this type, in any case.</summary>
    public static bool Is(string? contentType, string wanted) => Essence(contentType).Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Essence(string? contentType)
    {
        var text = contentType.AsSpan();
        var parameters = text.IndexOf(';');
        return (parameters < 0 ? text : text[..parameters]).Trim();
    }
}
