namespace TierOperator.Tiering.Values;

/// <summary>What a content type says of a value.</summary>
internal static class MediaType
{
    /// <summary><c>application/json</c> or anything that ends in <c>+json</c>, parameters aside.</summary>
    public static bool IsJson(string contentType)
    {
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = (end < 0 ? contentType.AsSpan() : contentType.AsSpan(0, end)).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}
