using System.Security.Cryptography;
using System.Text;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// The first block of a segment: which life of the file this is, its place in the order of the log, the key it is
/// written under, and the segments that it replaces.
/// </summary>
internal sealed record SegmentHeader
{
    public const int Bytes = 4096;
    public const int MaxReplaced = 64;
    public const ushort Format = 1;
    private const ulong Magic = 0x3130474553524954; // "TIRSEG01"

    /// <summary>Names the file. Never used twice in a folder.</summary>
    public required long Epoch { get; init; }

    /// <summary>Later segments win. A compacted segment takes the place of the first that it replaces.</summary>
    public required long Order { get; init; }

    /// <summary>16 random bytes, new in each life of a file.</summary>
    public required byte[] Id { get; init; }

    /// <summary>Empty: in the clear.</summary>
    public required string KeyId { get; init; }
    public IReadOnlyList<long> Replaced { get; init; } = [];

    public static byte[] NewId() => RandomNumberGenerator.GetBytes(16);

    public void Write(Span<byte> block)
    {
        block[..Bytes].Clear();
        var writer = new SpanWriter(block[..Bytes]);
        writer.Int(0);
        writer.Long(unchecked((long)Magic));
        writer.Int(Format);
        writer.Long(Epoch);
        writer.Long(Order);
        writer.Bytes(Id);
        writer.Bytes(Encoding.UTF8.GetBytes(KeyId));
        writer.Int(Replaced.Count);
        foreach (var epoch in Replaced) writer.Long(epoch);
        new SpanWriter(block).Int((int)Crc32C.Compute(block[4..Bytes]));
    }

    /// <summary>Null when the block is no whole header.</summary>
    /// <exception cref="DiskStoreException">The format is newer than this program.</exception>
    public static SegmentHeader? Read(ReadOnlySpan<byte> block, string file)
    {
        if (block.Length < Bytes) return null;
        var reader = new SpanReader(block[..Bytes]);
        var crc = (uint)reader.Int();
        if (crc != Crc32C.Compute(block[4..Bytes]) || (ulong)reader.Long() != Magic) return null;
        var format = reader.Int();
        if (format > Format)
            throw new DiskStoreException(DiskStoreFault.NewerFormat,
                $"The data file '{file}' has format {format}; this program reads up to {Format}. Start the newer version again, or give another data folder.");
        var epoch = reader.Long();
        var order = reader.Long();
        var id = reader.Bytes().ToArray();
        var keyId = reader.Text();
        var replaced = new long[reader.Int()];
        for (var i = 0; i < replaced.Length; i++) replaced[i] = reader.Long();
        return new SegmentHeader { Epoch = epoch, Order = order, Id = id, KeyId = keyId, Replaced = replaced };
    }
}
