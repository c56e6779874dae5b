using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using TierOperator.Sidecar.HttpCache.Rules;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// The item's bytes: a version, a kind, the head's length, the head, and behind it an inline body. Numbers are
/// little-endian, texts Latin-1, as header fields are. An item of another version counts as absent.
/// </summary>
internal static class ResponseCodec
{
    public const int PrefixBytes = 6;
    private const byte Version = 1, Response = 1, Marker = 2;
    private static readonly FrozenDictionary<string, string> s_names = typeof(HeaderNames).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (string)field.GetValue(null)!).DistinctBy(name => name.ToUpperInvariant()).ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The length of prefix and head together; 0 where these bytes are no response.</summary>
    public static int HeadLength(ReadOnlySpan<byte> item)
        => item.Length >= PrefixBytes && item[0] == Version && item[1] == Response
            ? PrefixBytes + BinaryPrimitives.ReadInt32LittleEndian(item[2..]) : 0;

    public static byte[] Write(StoredResponse response, ReadOnlySpan<byte> body)
    {
        var item = new ArrayBufferWriter<byte>(PrefixBytes + 1024 + body.Length);
        WriteTo(item, response, body);
        return item.WrittenSpan.ToArray();
    }

    /// <summary>Appends an item to an empty buffer.</summary>
    public static void WriteTo(ArrayBufferWriter<byte> item, StoredResponse response, ReadOnlySpan<byte> body)
    {
        var writer = FieldWriter.Begin(item, Response);
        var times = response.Freshness;
        writer.Number(response.Status);
        foreach (var time in (ReadOnlySpan<long>)[times.LifetimeMs, times.InitialAgeMs, times.ReceivedMs, times.StaleWhileRevalidateMs, times.StaleIfErrorMs, response.AskedMs])
            writer.Number(time);
        writer.Number((times.NeverStale ? 1 : 0) | (times.AlwaysValidate ? 2 : 0) | (times.Immutable ? 4 : 0));
        writer.Number((int)response.Place);
        writer.Number(response.BodyLength);
        writer.Bytes(response.BodyKey);
        writer.Number(response.Tags.Length);
        foreach (var tag in response.Tags) writer.Text(tag);
        writer.Number(CountOf(response.Fields));
        foreach (var field in response.Fields)
        {
            foreach (var value in field.Value)
            {
                writer.Text(field.Name);
                writer.Text(value ?? "");
            }
        }

        writer.End();
        item.Write(body);
    }

    public static byte[] Write(VaryMarker marker)
    {
        var item = new ArrayBufferWriter<byte>(64);
        var writer = FieldWriter.Begin(item, Marker);
        writer.Number(marker.Generation);
        writer.Number(marker.Fields.Length);
        foreach (var field in marker.Fields) writer.Text(field);
        writer.End();
        return item.WrittenSpan.ToArray();
    }

    /// <summary>Null where these bytes are no marker.</summary>
    public static VaryMarker? ReadMarker(ReadOnlySpan<byte> item)
    {
        if (item.Length < PrefixBytes || item[0] != Version || item[1] != Marker) return null;
        var reader = new FieldReader(item[PrefixBytes..]);
        var generation = reader.Number();
        var fields = new string[reader.Number()];
        for (var i = 0; i < fields.Length; i++) fields[i] = reader.Text();
        return new VaryMarker(fields, generation);
    }

    /// <summary>Reads a head; null where these bytes are no response.</summary>
    public static StoredResponse? Read(ReadOnlySpan<byte> item)
    {
        if (HeadLength(item) == 0) return null;
        var reader = new FieldReader(item[PrefixBytes..]);
        var status = (int)reader.Number();
        long lifetime = reader.Number(), age = reader.Number(), received = reader.Number(), revalidate = reader.Number(), error = reader.Number(), asked = reader.Number();
        var flags = reader.Number();
        var place = (BodyPlace)reader.Number();
        var length = reader.Number();
        return new StoredResponse
        {
            Status = status,
            Freshness = new Freshness
            {
                LifetimeMs = lifetime, InitialAgeMs = age, ReceivedMs = received, StaleWhileRevalidateMs = revalidate, StaleIfErrorMs = error,
                NeverStale = (flags & 1) != 0, AlwaysValidate = (flags & 2) != 0, Immutable = (flags & 4) != 0,
            },
            AskedMs = asked,
            Place = place,
            BodyLength = length,
            BodyKey = reader.Bytes().ToArray(),
            Tags = ReadTexts(ref reader),
            Fields = ReadFields(ref reader),
        };
    }

    private static int CountOf(StoredField[] fields)
    {
        var count = 0;
        foreach (var field in fields) count += field.Value.Count;
        return count;
    }

    private static string[] ReadTexts(ref FieldReader reader)
    {
        var texts = new string[reader.Number()];
        for (var i = 0; i < texts.Length; i++) texts[i] = reader.Text();
        return texts;
    }

    private static StoredField[] ReadFields(ref FieldReader reader)
    {
        var count = reader.Number();
        var fields = new List<StoredField>((int)count);
        for (var i = 0; i < count; i++)
        {
            var name = reader.Text();
            name = s_names.GetValueOrDefault(name, name);
            var value = reader.Text();
            if (fields.Count > 0 && fields[^1].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                fields[^1] = fields[^1] with { Value = StringValues.Concat(fields[^1].Value, value) };
            else fields.Add(new StoredField(name, value));
        }

        return [.. fields];
    }

    private readonly ref struct FieldWriter(ArrayBufferWriter<byte> target)
    {
        /// <summary>Writes the prefix, whose length stands when the head has ended.</summary>
        public static FieldWriter Begin(ArrayBufferWriter<byte> target, byte kind)
        {
            target.Write<byte>([Version, kind, 0, 0, 0, 0]);
            return new FieldWriter(target);
        }

        public void End() => BinaryPrimitives.WriteInt32LittleEndian(
            MemoryMarshal.AsMemory(target.WrittenMemory).Span[2..], target.WrittenCount - PrefixBytes);

        public void Number(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(8), value);
            target.Advance(8);
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            Number(bytes.Length);
            target.Write(bytes);
        }

        public void Text(string text)
        {
            Number(text.Length);
            Encoding.Latin1.GetBytes(text, target);
        }
    }

    private ref struct FieldReader(ReadOnlySpan<byte> source)
    {
        private ReadOnlySpan<byte> _left = source;

        public long Number()
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(_left);
            _left = _left[8..];
            return value;
        }

        public ReadOnlySpan<byte> Bytes()
        {
            var length = (int)Number();
            var bytes = _left[..length];
            _left = _left[length..];
            return bytes;
        }

        public string Text() => Encoding.Latin1.GetString(Bytes());
    }
}
