using System.Buffers;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>
/// A session as a run of parts: one for its header, one for each item, and one for each chunk of a large value, so that
/// neither side holds more than a chunk beyond the session itself.
/// </summary>
internal static class SessionForm
{
    public const byte SessionPart = 1;
    public const byte ItemPart = 2;
    public const byte ChunkPart = 3;

    /// <summary>Hands out the parts, each valid only during its call.</summary>
    public static void Write(SessionSnapshot session, ReadOnlyPart part)
    {
        WriteMeta(SessionPart, new DiskOperation(RecordOp.PutHeader, session.Key, session.Header, 0, default, "", default, default), session.Items.Count, [], part);
        foreach (var item in session.Items)
        {
            var operation = new DiskOperation(RecordOp.DeleteSession, session.Key, null, 0, item.Key, item.ContentType, item.Version, item.Value);
            WriteMeta(ItemPart, operation, item.Value.Length, item.Value.Large is null ? item.Value.Bytes.Span : [], part);
            for (var i = 0; i < (item.Value.Large?.ChunkCount ?? 0); i++) WriteChunk(item.Value.Large!.Chunk(i).Span, part);
        }
    }

    private static void WriteMeta(byte kind, in DiskOperation operation, long number, ReadOnlySpan<byte> value, ReadOnlyPart part)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 + RecordMeta.MaxBytes(operation) + value.Length);
        buffer[0] = kind;
        var meta = RecordMeta.Write(operation, buffer.AsSpan(16));
        var writer = new SpanWriter(buffer.AsSpan(1));
        writer.Long(number);
        writer.Int(meta);
        value.CopyTo(buffer.AsSpan(16 + meta));
        part(buffer.AsSpan(0, 16 + meta + value.Length));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static void WriteChunk(ReadOnlySpan<byte> chunk, ReadOnlyPart part)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 + chunk.Length);
        buffer[0] = ChunkPart;
        chunk.CopyTo(buffer.AsSpan(1));
        part(buffer.AsSpan(0, 1 + chunk.Length));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    public delegate void ReadOnlyPart(ReadOnlySpan<byte> part);
}

/// <summary>Puts the parts together again.</summary>
internal sealed class SessionAssembler
{
    private readonly List<ItemSnapshot> _items = [];
    private byte[] _key = [];
    private SessionHeader? _header;
    private long _expected;
    private LargeValue? _large;
    private long _filled;

    /// <summary>Gives the session when this part was its last.</summary>
    public SessionSnapshot? Take(ReadOnlySpan<byte> part)
    {
        switch (part[0])
        {
            case SessionForm.SessionPart: Begin(part); break;
            case SessionForm.ItemPart: TakeItem(part); break;
            case SessionForm.ChunkPart when _large is not null:
                _large.Write(_filled, part[1..]);
                _filled += part.Length - 1;
                if (_filled == _large.Length) _large = null;
                break;
            default: throw new InvalidDataException("A checkpoint holds a part of an unknown kind.");
        }

        if (_header is null || _items.Count < _expected || _large is not null) return null;
        var session = new SessionSnapshot(_key, _header, [.. _items]);
        _items.Clear();
        _header = null;
        return session;
    }

    private void Begin(ReadOnlySpan<byte> part)
    {
        var reader = new SpanReader(part[1..]);
        _expected = reader.Long();
        var meta = RecordMeta.Read(part.Slice(16, reader.Int()), RecordOp.PutHeader);
        (_key, _header) = (meta.SessionKey, meta.Header);
    }

    private void TakeItem(ReadOnlySpan<byte> part)
    {
        var reader = new SpanReader(part[1..]);
        var length = reader.Long();
        var metaLength = reader.Int();
        var meta = RecordMeta.Read(part.Slice(16, metaLength), RecordOp.DeleteSession);
        var rest = part[(16 + metaLength)..];
        ItemValue value;
        if (rest.Length == length)
        {
            value = new ItemValue(rest.ToArray());
        }
        else
        {
            _large = LargeValue.Allocate(length);
            _filled = 0;
            value = new ItemValue(_large);
        }

        _items.Add(new ItemSnapshot(meta.ItemKey, meta.ContentType, meta.Version, value));
    }
}
