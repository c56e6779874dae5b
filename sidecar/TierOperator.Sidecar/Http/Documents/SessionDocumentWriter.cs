using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Documents;

/// <summary>
/// Writes a session as a JSON document, item by item into the pipe, so that a large session is never a second copy.
/// A JSON item stands as it was written; any other one, and one whose JSON does not parse, as a <c>$base64</c> envelope.
/// </summary>
internal sealed class SessionDocumentWriter(PipeWriter pipe)
{
    /// <summary>A multiple of three, so that base64 can be written piece by piece.</summary>
    private const int PieceBytes = 192 * 1024;

    private bool _started;

    public async ValueTask WriteItemAsync(ItemSnapshot item, CancellationToken cancellation)
    {
        // Ids that are not UTF-8 exist for Redis clients only: JSON has no way to say them.
        if (!Utf8.IsValid(item.Key)) return;
        Put(_started ? ","u8 : "{"u8);
        _started = true;
        WriteText(JsonEncodedText.Encode(item.Key, JavaScriptEncoder.UnsafeRelaxedJsonEscaping));
        Put(":"u8);
        if (StandsAsIs(item)) await WriteRawAsync(item.Value, cancellation);
        else await WriteEnvelopeAsync(item, cancellation);
        await pipe.FlushAsync(cancellation);
    }

    public void Finish() => Put(_started ? "}"u8 : "{}"u8);

    public static bool StandsAsIs(in ItemSnapshot item)
        => MediaType.IsJson(item.ContentType) && IsWholeJson(Contiguous(item.Value)) is { } json && !Envelope.IsOne(json);

    // A large value is checked in one copy of its own: JSON of more than 64 KiB in one item is rare.
    private static byte[] Contiguous(in ItemValue value) => value.ToArray();

    private static byte[]? IsWholeJson(byte[] json)
    {
        if (!Utf8.IsValid(json)) return null;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
            if (!reader.Read()) return null;
            reader.Skip();
            while (reader.Read()) { }
            return json;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async ValueTask WriteRawAsync(ItemValue value, CancellationToken cancellation)
    {
        if (value.Large is not { } large)
        {
            Put(value.Bytes.Span);
            return;
        }

        for (var i = 0; i < large.ChunkCount; i++) await pipe.WriteAsync(large.Chunk(i), cancellation);
    }

    private async ValueTask WriteEnvelopeAsync(ItemSnapshot item, CancellationToken cancellation)
    {
        Put("{\"$contentType\":"u8);
        WriteText(JsonEncodedText.Encode(item.ContentType));
        Put(",\"$base64\":\""u8);
        if (item.Value.Large is { } large) await WriteLargeBase64Async(large, cancellation);
        else WriteBase64(item.Value.Bytes.Span, isFinal: true);
        Put("\"}"u8);
    }

    private async ValueTask WriteLargeBase64Async(LargeValue large, CancellationToken cancellation)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var offset = 0L; offset < large.Length; offset += PieceBytes)
            {
                var count = (int)Math.Min(PieceBytes, large.Length - offset);
                CopyOut(large, offset, piece.AsSpan(0, count));
                WriteBase64(piece.AsSpan(0, count), offset + count == large.Length);
                await pipe.FlushAsync(cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static void CopyOut(LargeValue large, long offset, Span<byte> target)
    {
        while (target.Length > 0)
        {
            var source = large.Chunk((int)(offset / LargeValue.ChunkBytes)).Span[(int)(offset % LargeValue.ChunkBytes)..];
            var count = Math.Min(source.Length, target.Length);
            source[..count].CopyTo(target);
            target = target[count..];
            offset += count;
        }
    }

    private void WriteBase64(ReadOnlySpan<byte> bytes, bool isFinal)
    {
        var target = pipe.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        Base64.EncodeToUtf8(bytes, target, out _, out var written, isFinal);
        pipe.Advance(written);
    }

    // Asks for the room it needs: what the pipe offers unasked may be nothing.
    public void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        bytes.CopyTo(pipe.GetSpan(bytes.Length));
        pipe.Advance(bytes.Length);
    }

    private void WriteText(JsonEncodedText text)
    {
        Put("\""u8);
        Put(text.EncodedUtf8Bytes);
        Put("\""u8);
    }
}
