using System.Text;
using System.Text.Json;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// Decides whether a JSON value can stand in a <c>jsonb</c> column beside its exact bytes. The server refuses some valid JSON (a NUL
/// in a string, half a surrogate pair, numbers beyond its own) and with it the whole batch; such values are stored all the
/// same, but cannot be queried by field.
/// </summary>
internal static class QueryableJson
{
    /// <summary>Larger ones are not worth a second copy.</summary>
    public const int MaxBytes = 256 * 1024;
    private const int MaxNumberBytes = 300;

    /// <summary>The text for the column; null where it cannot or need not be there.</summary>
    public static string? TextOf(string contentType, ReadOnlySpan<byte> value)
        => value.Length <= MaxBytes && MediaType.IsJson(contentType) && IsStorable(value) ? Encoding.UTF8.GetString(value) : null;

    private static bool IsStorable(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.Number && !IsStorableNumber(reader.ValueSpan)) return false;
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !IsStorableString(ref reader)) return false;
            }

            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false; // not JSON, or not UTF-8
        }
    }

    private static bool IsStorableString(ref Utf8JsonReader reader)
        => !reader.ValueIsEscaped && reader.ValueSpan.IndexOf((byte)0) < 0
            ? Encoding.UTF8.GetCharCount(reader.ValueSpan) >= 0 && System.Text.Unicode.Utf8.IsValid(reader.ValueSpan)
            : !reader.GetString()!.Contains('\0', StringComparison.Ordinal);

    // An exponent of five digits may overflow the server's numeric, which has 131,072 digits before the point.
    private static bool IsStorableNumber(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return number.Length <= MaxNumberBytes && (exponent < 0 || number.Length - exponent <= 5);
    }
}
