using System.Runtime.InteropServices;

namespace TierOperator.TestKit.Model;

/// <summary>A value that need not be kept to be compared: its bytes follow from a number and a length.</summary>
public readonly record struct ModelValue(int Id, int Length)
{
    /// <summary>Even ones do not compress, odd ones do.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        var words = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan());
        var state = ((ulong)Id + 1) * 0x9E3779B97F4A7C15;
        for (var i = 0; i < words.Length; i++) words[i] = Next(Id, ref state, i);
        for (var i = words.Length * 8; i < Length; i++) bytes[i] = (byte)Next(Id, ref state, i);
        return bytes;
    }

    public bool Matches(ReadOnlySpan<byte> bytes) => bytes.Length == Length && bytes.SequenceEqual(ToBytes());

    private static ulong Next(int id, ref ulong state, int at)
    {
        if ((id & 1) == 1) return at == 0 ? state : state >> 32;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }
}
