using System.Buffers.Binary;
using System.Text;

namespace TierOperator.Tiering.Disk;

/// <summary>The part of a record's body before the value: keys, content type, version and session header.</summary>
internal readonly struct RecordMeta
{
    private const int FixedBytes = 8 + 4 + (3 * 8) + 8 + 4 + 4 + 1 + 1 + (5 * 4) + SeenBytes;
    private const int SeenBytes = 8 + 4;

    /// <summary>In the byte of marks.</summary>
    private const byte HasDeadline = 1, HasSubject = 2, IsPartial = 4, HasSeen = 8;

    public byte[] SessionKey { get; private init; }
    public byte[] ItemKey { get; private init; }
    public string ContentType { get; private init; }
    public ItemVersion Version { get; private init; }
    public SessionHeader? Header { get; private init; }

    /// <summary>The version that the writer knew; null where it was not noted.</summary>
    public ItemVersion? Seen { get; private init; }

    /// <summary>How many bytes <see cref="Write"/> takes at most.</summary>
    public static int MaxBytes(in DiskOperation operation)
        => FixedBytes + operation.Session.Length + operation.Item.Length + MaxBytes(operation.ContentType)
            + MaxBytes(operation.Header?.Rule) + MaxBytes(operation.Header?.Subject);

    public static int Write(in DiskOperation operation, Span<byte> target)
    {
        var writer = new SpanWriter(target);
        writer.Version(operation.Version);
        writer.Bytes(operation.Session.Span);
        writer.Bytes(operation.Item.Span);
        writer.Text(operation.ContentType);
        if (operation.Header is not { } header) return writer.Position;
        writer.Text(header.Rule);
        writer.Long(header.CreatedMs);
        writer.Long(header.LastAccessMs);
        writer.Long(header.DeadlineMs);
        writer.Version(header.Floor);
        writer.Int((int)header.Accesses);
        writer.Byte(header.Kind);
        writer.Byte((byte)((header.ExplicitDeadline ? HasDeadline : 0) | (header.Subject is null ? 0 : HasSubject) | (header.IsPartial ? IsPartial : 0) | (operation.Seen is null ? 0 : HasSeen)));
        if (header.Subject is not null) writer.Text(header.Subject);
        if (operation.Seen is { } seen) writer.Version(seen); // last: whoever does not know of it leaves it
        return writer.Position;
    }

    public static RecordMeta Read(ReadOnlySpan<byte> source, RecordOp op)
    {
        var reader = new SpanReader(source);
        var version = reader.Version();
        var session = reader.Bytes().ToArray();
        var item = reader.Bytes().ToArray();
        var contentType = reader.Text();
        ItemVersion? seen = null;
        var header = op is RecordOp.DeleteSession or RecordOp.Drop ? null : ReadHeader(ref reader, out seen);
        return new RecordMeta
        {
            SessionKey = session,
            ItemKey = item,
            ContentType = contentType,
            Version = version,
            Header = header,
            Seen = seen,
        };
    }

    private static SessionHeader ReadHeader(ref SpanReader reader, out ItemVersion? seen)
    {
        var rule = reader.Text();
        var created = reader.Long();
        var access = reader.Long();
        var deadline = reader.Long();
        var floor = reader.Version();
        var accesses = (uint)reader.Int();
        var kind = reader.Byte();
        var marks = reader.Byte();
        var subject = (marks & HasSubject) != 0 ? reader.Text() : null;
        seen = (marks & HasSeen) != 0 ? reader.Version() : null;
        return new SessionHeader
        {
            Rule = rule, CreatedMs = created, LastAccessMs = access, DeadlineMs = deadline, Floor = floor, Accesses = accesses,
            Kind = kind, ExplicitDeadline = (marks & HasDeadline) != 0, IsPartial = (marks & IsPartial) != 0, Subject = subject,
        };
    }

    private static int MaxBytes(string? text) => text is null ? 0 : Encoding.UTF8.GetMaxByteCount(text.Length);
}

internal ref struct SpanWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    public int Position { get; private set; }

    public void Byte(byte value) => _target[Position++] = value;

    public void Int(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_target[Position..], value);
        Position += 4;
    }

    public void Long(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_target[Position..], value);
        Position += 8;
    }

    public void Version(ItemVersion version)
    {
        Long((long)version.Stamp);
        Int((int)version.Node);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int(value.Length);
        value.CopyTo(_target[Position..]);
        Position += value.Length;
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetBytes(value, _target[(Position + 4)..]);
        Int(length);
        Position += length;
    }
}

/// <summary>Reads what <see cref="SpanWriter"/> wrote; wrong lengths throw <see cref="InvalidDataException"/>.</summary>
internal ref struct SpanReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];
    public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));
    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));
    public ItemVersion Version() => new((ulong)Long(), (uint)Int());
    public ReadOnlySpan<byte> Bytes() => Take(Int());
    public string Text() => TextCache.Get(Bytes());

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > _source.Length - Position) throw new InvalidDataException("A field reaches past the end of its record.");
        var taken = _source.Slice(Position, length);
        Position += length;
        return taken;
    }
}
