using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Disk;

/// <summary>A pending operation as a reader took it along: the original's buffer goes back to its pool any time.</summary>
internal readonly record struct PendingCopy(RecordHeader Header, byte[] Body, LargeValue? Large)
{
    /// <summary>Copies under the shard's lock, which is what keeps the original alive.</summary>
    public static PendingCopy Of(PendingOperation operation, bool metaOnly = false)
    {
        var body = metaOnly ? operation.Body[..(int)operation.Header.MetaLength] : operation.Body;
        if (!metaOnly) operation.Large?.AddReference();
        return new PendingCopy(operation.Header, body.ToArray(), metaOnly ? null : operation.Large);
    }

    public RecordMeta Meta => RecordMeta.Read(Body.AsSpan(0, (int)Header.MetaLength), Header.Op);

    public bool TryDecode(out DecodedRecord record) => RecordReader.TryDecode(Header, Body, Large, out record);
}
