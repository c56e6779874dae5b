using System.Text;
using System.Text.Json;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Retention;

/// <summary>
/// Appends sessions to a file, one JSON document a line: <c>{"session": …, "rule": …, "subject": …, "items": {name: {"contentType": …,
/// "version": …, "text" or "base64": …}}}</c>. What is no UTF-8 stands in base64. Returns when the lines are on the disk.
/// </summary>
/// <remarks>Not thread-safe. Refuses, with an <see cref="IOException"/>, what would make the file larger than <paramref name="maxBytes"/>.</remarks>
public sealed class NdjsonExport(string path, long maxBytes) : IRetentionExport
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public async ValueTask WriteAsync(IReadOnlyList<SessionSnapshot> sessions, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream();
        foreach (var session in sessions)
        {
            using (var writer = new Utf8JsonWriter(lines)) Write(writer, session);
            lines.WriteByte((byte)'\n');
        }

        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        if (file.Length + lines.Length > maxBytes) throw new IOException($"The export would be larger than {maxBytes} bytes: take the finished file away first.");
        lines.Position = 0;
        await lines.CopyToAsync(file, cancellationToken);
        await file.FlushAsync(cancellationToken);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
    }

    private static void Write(Utf8JsonWriter writer, SessionSnapshot session)
    {
        writer.WriteStartObject();
        WriteBytes(writer, "session", "sessionBase64", session.Key);
        writer.WriteString("rule", session.Header.Rule);
        if (session.Header.Subject is { } subject) writer.WriteString("subject", subject);
        writer.WriteStartObject("items");
        foreach (var item in session.Items)
        {
            writer.WriteStartObject(Text(item.Key) ?? $"base64:{Convert.ToBase64String(item.Key)}");
            writer.WriteString("contentType", item.ContentType);
            writer.WriteString("version", item.Version.ToString());
            WriteBytes(writer, "text", "base64", item.Value.ToArray());
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteBytes(Utf8JsonWriter writer, string textName, string bytesName, byte[] bytes)
    {
        if (Text(bytes) is { } text) writer.WriteString(textName, text);
        else writer.WriteBase64String(bytesName, bytes);
    }

    private static string? Text(byte[] bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
