using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace TierOperator.Tiering.Values;

/// <summary>
/// A fast 64-bit hash of a key under a secret seed, in the manner of wyhash (multiply and fold 128 bits). Not a
/// cryptographic hash: the seed keeps strangers from choosing keys that collide.
/// </summary>
public static class KeyHash
{
    private const ulong Secret0 = 0xa0761d6478bd642f, Secret1 = 0xe7037ed1a0b428db, Secret2 = 0x8ebc6af09c88c6e3;

    public static ulong Compute(ReadOnlySpan<byte> key, ulong seed)
    {
        var length = (ulong)key.Length;
        seed ^= Secret0;
        while (key.Length > 16)
        {
            seed = Fold(Read64(key) ^ Secret1, Read64(key[8..]) ^ seed);
            key = key[16..];
        }

        var (a, b) = Tail(key);
        return Fold(Secret2 ^ length, Fold(a ^ Secret1, b ^ seed));
    }

    private static (ulong A, ulong B) Tail(ReadOnlySpan<byte> key)
    {
        if (key.Length >= 8) return (Read64(key), Read64(key[^8..]));
        if (key.Length >= 4) return (Read32(key), Read32(key[^4..]));
        if (key.Length == 0) return (0, 0);
        return (((ulong)key[0] << 16) | ((ulong)key[key.Length >> 1] << 8) | key[^1], 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private static ulong Read64(ReadOnlySpan<byte> span) => BinaryPrimitives.ReadUInt64LittleEndian(span);
    private static ulong Read32(ReadOnlySpan<byte> span) => BinaryPrimitives.ReadUInt32LittleEndian(span);
}
