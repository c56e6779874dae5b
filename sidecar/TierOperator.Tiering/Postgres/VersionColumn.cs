using System.Buffers.Binary;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// A version as the database keeps it: a uuid of 8 bytes of stamp and 4 of node, big-endian, so that the server's own order,
/// <c>greatest</c> included, is that of versions, in 16 bytes.
/// </summary>
internal static class VersionColumn
{
    public static Guid From(ItemVersion version)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, version.Stamp);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], version.Node);
        bytes[12..].Clear();
        return new Guid(bytes, bigEndian: true);
    }

    public static ItemVersion To(Guid column)
    {
        Span<byte> bytes = stackalloc byte[16];
        column.TryWriteBytes(bytes, bigEndian: true, out _);
        return new ItemVersion(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
    }
}
