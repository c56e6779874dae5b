using System.Diagnostics.CodeAnalysis;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>Compares byte strings, and looks them up by span without a copy.</summary>
public sealed class ByteComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly ByteComparer Instance = new();

    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();

    public bool Equals(byte[]? x, byte[]? y) => ReferenceEquals(x, y) || (x is not null && y is not null && x.AsSpan().SequenceEqual(y));
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);
    public int GetHashCode([DisallowNull] byte[] obj) => (int)KeyHash.Compute(obj, _seed);
    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)KeyHash.Compute(alternate, _seed);
    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
