using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>A value's bytes as a column holds them: compressed where that gains, with the codec's id beside.</summary>
internal readonly record struct StoredValue(byte[] Bytes, short Codec, long Length)
{
    /// <summary>The largest value the tier takes. The server's own limit is 1 GiB for all parameters of a statement together.</summary>
    public const long MaxBytes = 256L * 1024 * 1024;

    public static StoredValue Encode(CompressionKind kind, ItemValue value)
    {
        var plain = value.Large is null ? value.Bytes : value.ToArray();
        var target = new byte[ValueCodec.MaxBytes(plain.Length)];
        var written = ValueCodec.Compress(kind, plain.Span, target, out var codec);
        return new StoredValue(written == target.Length ? target : target[..written], codec, plain.Length);
    }

    /// <summary>False when the codec is not at hand or the bytes are damaged.</summary>
    public bool TryDecode(out ItemValue value)
    {
        value = default;
        if (Codec == ValueCodec.Plain && Bytes.Length == Length)
        {
            value = ItemValue.From(Bytes);
            return true;
        }

        if (Length is < 0 or > MaxBytes) return false;
        var plain = new byte[Length];
        if (!ValueCodec.TryDecompress((byte)Codec, Bytes, plain)) return false;
        value = ItemValue.From(plain);
        return true;
    }
}
