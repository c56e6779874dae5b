using System.Buffers.Binary;

namespace TierOperator.Tiering.Redis;

/// <summary>A version as the server keeps it: twelve bytes, the most significant first, so that scripts compare two numbers of six bytes.</summary>
internal static class VersionBytes
{
    public const int Length = 12;

    public static void Write(Span<byte> target, ItemVersion version)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, version.Stamp);
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], version.Node);
    }

    public static byte[] Of(ItemVersion version)
    {
        var bytes = new byte[Length];
        Write(bytes, version);
        return bytes;
    }

    /// <summary>None for what is too short.</summary>
    public static ItemVersion Read(ReadOnlySpan<byte> source) => source.Length < Length
        ? ItemVersion.None
        : new ItemVersion(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt32BigEndian(source[8..]));
}
