using System.Security.Cryptography;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// The form of a key or name that an index entry can hold: itself up to 512 bytes, else its first 480 bytes, a SHA-256 of the
/// whole and a closing byte. The closing byte makes it longer than every short one, so nobody can choose a short name that
/// equals a long one's form. Forms sort as their keys do, but for long ones that share 480 bytes.
/// </summary>
internal static class LookupKey
{
    /// <summary>The longest key that is its own form, and so can be told from it.</summary>
    public const int MaxWholeBytes = 512;
    private const int HeadBytes = 480;

    public static byte[] Of(ReadOnlySpan<byte> key)
    {
        if (key.Length <= MaxWholeBytes) return key.ToArray();
        var form = new byte[MaxWholeBytes + 1];
        key[..HeadBytes].CopyTo(form);
        SHA256.HashData(key, form.AsSpan(HeadBytes));
        return form;
    }

    /// <summary>What has to be stored beside the form so that the key can be told: null where the form is the key.</summary>
    public static byte[]? LongOf(ReadOnlySpan<byte> key) => key.Length <= MaxWholeBytes ? null : key.ToArray();

    /// <summary>The least form after all that begin with a prefix; null where there is none.</summary>
    public static byte[]? EndOf(ReadOnlySpan<byte> prefix)
    {
        var end = prefix[..Math.Min(prefix.Length, HeadBytes)].ToArray();
        for (var at = end.Length - 1; at >= 0; at--)
            if (end[at]++ < byte.MaxValue) return end[..(at + 1)];
        return null;
    }

    /// <summary>The least form that can begin with a prefix.</summary>
    public static byte[] StartOf(ReadOnlySpan<byte> prefix) => prefix[..Math.Min(prefix.Length, HeadBytes)].ToArray();
}
