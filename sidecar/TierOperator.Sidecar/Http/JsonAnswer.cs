using System.Text.Encodings.Web;
using System.Text.Json;

namespace TierOperator.Sidecar.Http;

/// <summary>Writes a small JSON answer, whole.</summary>
internal static class JsonAnswer
{
    /// <summary>Quotes and other characters stand as they are: no answer is ever part of a page.</summary>
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        await using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        await response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>An id as text where it is UTF-8, else as <c>…Base64</c>: Redis clients may use any bytes.</summary>
    public static void WriteId(this Utf8JsonWriter json, string name, byte[] id)
    {
        if (System.Text.Unicode.Utf8.IsValid(id)) json.WriteString(name, id);
        else json.WriteBase64String(name + "Base64", id);
    }

    /// <summary>Unix milliseconds as RFC 3339, or null for none.</summary>
    public static void WriteTime(this Utf8JsonWriter json, string name, long milliseconds)
    {
        if (milliseconds <= 0) json.WriteNull(name);
        else json.WriteString(name, DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(milliseconds, MaxMilliseconds)));
    }

    private const long MaxMilliseconds = 253402300799999;
}
