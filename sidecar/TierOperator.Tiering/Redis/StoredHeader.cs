using System.Buffers.Binary;
using System.Text;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// The hash field <c>h</c>: what the script reads and merges, then what it only passes on.
/// <code>
///  0 format, 1          25 newest sent whole      tail: 49 deadline, ms   56 last access, ms   65 created, ms   72 marks
///  1 newest change      37 newest that came             55 explicit       62 accesses (3)      71 kind          73 texts: rule, subject, projection
/// 13 floor                 on top of nothing
/// </code>
/// Versions take twelve bytes, times six, lengths of texts four, the most significant first.
/// </summary>
internal readonly struct StoredHeader
{
    public const byte Format = 1;
    private const int TailAt = 49;
    private const int TextsAt = 73 - TailAt;
    private const uint MaxAccesses = 0xff_ffff;

    public ItemVersion Newest { get; private init; }
    public SessionHeader Header { get; private init; }

    /// <summary>True: only what a strategy lists is there, or what was written since the server forgot the rest; an absence proves nothing.</summary>
    public bool IsPart { get; private init; }

    /// <summary>The part that a change sends.</summary>
    public static byte[] WriteTail(SessionHeader header, IReadOnlyList<string>? projection)
    {
        var names = projection is null ? null : string.Join('\0', projection);
        var texts = new[] { header.Rule, header.Subject, names }.Where(text => text is not null).Select(text => Encoding.UTF8.GetBytes(text!)).ToArray();
        var tail = new byte[TextsAt + texts.Sum(text => 4 + text.Length)];
        var span = tail.AsSpan();
        Write48(span, header.DeadlineMs);
        span[6] = (byte)(header.ExplicitDeadline ? 1 : 0);
        Write48(span[7..], header.LastAccessMs);
        var accesses = Math.Min(header.Accesses, MaxAccesses);
        (span[13], span[14], span[15]) = ((byte)(accesses >> 16), (byte)(accesses >> 8), (byte)accesses);
        Write48(span[16..], header.CreatedMs);
        (span[22], span[23]) = (header.Kind, (byte)((header.Subject is null ? 0 : 1) | (names is null ? 0 : 2)));
        span = span[TextsAt..];
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteInt32BigEndian(span, text.Length);
            text.CopyTo(span[4..]);
            span = span[(4 + text.Length)..];
        }

        return tail;
    }

    /// <exception cref="InvalidDataException">A newer program's format, or no header of ours.</exception>
    public static StoredHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < TailAt + TextsAt || bytes[0] != Format) throw new InvalidDataException("a session's header has a format that this program does not know");
        var tail = bytes[TailAt..];
        var (kind, marks) = (tail[22], tail[23]);
        var texts = tail[TextsAt..];
        return new StoredHeader
        {
            Newest = VersionBytes.Read(bytes[1..]),
            IsPart = (marks & 2) != 0 || VersionBytes.Read(bytes[37..]) > VersionBytes.Read(bytes[25..]),
            Header = new SessionHeader
            {
                Floor = VersionBytes.Read(bytes[13..]),
                DeadlineMs = Read48(tail), ExplicitDeadline = tail[6] == 1, LastAccessMs = Read48(tail[7..]),
                Accesses = ((uint)tail[13] << 16) | ((uint)tail[14] << 8) | tail[15],
                CreatedMs = Read48(tail[16..]), Kind = kind,
                Rule = TakeText(ref texts), Subject = (marks & 1) != 0 ? TakeText(ref texts) : null,
            },
        };
    }

    private static string TakeText(ref ReadOnlySpan<byte> texts)
    {
        var length = texts.Length < 4 ? -1 : BinaryPrimitives.ReadInt32BigEndian(texts);
        if (length < 0 || length > texts.Length - 4) throw new InvalidDataException("a session's header ends within a text");
        var text = TextCache.Get(texts.Slice(4, length));
        texts = texts[(4 + length)..];
        return text;
    }

    // Times end in the year 10889; what is beyond, an explicit "never" for instance, stays there.
    private static void Write48(Span<byte> target, long value)
    {
        var number = (ulong)Math.Clamp(value, 0, (1L << 48) - 1);
        BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)(number >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(target[2..], (uint)number);
    }

    private static long Read48(ReadOnlySpan<byte> source)
        => ((long)BinaryPrimitives.ReadUInt16BigEndian(source) << 32) | BinaryPrimitives.ReadUInt32BigEndian(source[2..]);
}
