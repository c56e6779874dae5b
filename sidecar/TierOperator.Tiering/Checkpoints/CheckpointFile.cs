using System.Text;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>
/// The form of a checkpoint: a header block, blocks of sessions, a trailer with the counts. Each block carries its
/// length, a CRC-32C seeded with the file's identity and its offset, and its codec; it is encrypted when keys are set.
/// </summary>
/// <remarks>The header block: magic, format, identity, key id, time. See docs/checkpoints.md.</remarks>
internal static class CheckpointFile
{
    public const int HeaderBytes = 4096;
    public const ushort Format = 1;
    public const int BlockHeaderBytes = 16;
    public const int TrailerBytes = 32;
    public const string Extension = ".ckpt";
    private const uint Magic = 0x314b4354; // "TCK1"

    public sealed record Header(byte[] Id, string KeyId, long CreatedMs)
    {
        public void Write(Span<byte> block)
        {
            block[..HeaderBytes].Clear();
            var writer = new SpanWriter(block[..HeaderBytes]);
            writer.Int(0);
            writer.Int((int)Magic);
            writer.Int(Format);
            writer.Bytes(Id);
            writer.Bytes(Encoding.UTF8.GetBytes(KeyId));
            writer.Long(CreatedMs);
            new SpanWriter(block).Int((int)Crc32C.Compute(block[4..HeaderBytes]));
        }

        public static Header Read(ReadOnlySpan<byte> block, string id)
        {
            if (block.Length >= HeaderBytes)
            {
                var reader = new SpanReader(block[..HeaderBytes]);
                if ((uint)reader.Int() == Crc32C.Compute(block[4..HeaderBytes]) && (uint)reader.Int() == Magic)
                {
                    if (reader.Int() is var format && format > Format)
                        throw new CheckpointException(CheckpointFault.NewerFormat, $"The checkpoint '{id}' has format {format}; this program reads up to {Format}. Restore it with the newer version.");
                    return new Header(reader.Bytes().ToArray(), reader.Text(), reader.Long());
                }
            }

            throw Damaged(id, "its header does not check");
        }
    }

    public static uint Seed(byte[] id) => Crc32C.Compute(id);

    public static CheckpointException Damaged(string id, string what)
        => new(CheckpointFault.Damaged, $"The checkpoint '{id}' is damaged: {what}. Nothing of it was restored; choose another one from the list.");
}
