using System.Collections.Concurrent;
using System.Text;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// Content types by number, so that an item keeps two bytes and a hit allocates no string. Bounded: past
/// <see cref="Limit"/> distinct ones (a hostile client's), an item keeps its own bytes. Thread-safe.
/// </summary>
internal sealed class ContentTypes
{
    public const int Limit = 1024;
    public const ushort Inline = ushort.MaxValue;

    /// <summary>What a value is that nobody said more of, and its number.</summary>
    public const string Bytes = "application/octet-stream";
    public const ushort BytesNumber = 0;

    private readonly ConcurrentDictionary<string, ushort> _numbers = new(StringComparer.Ordinal);
    private readonly string[] _names = new string[Limit];
    private int _count;

    public ContentTypes()
    {
        foreach (var known in (string[])[Bytes, "application/json", "text/plain"]) NumberOf(known);
    }

    public string this[ushort number] => _names[number];

    /// <summary>The number of a content type, or <see cref="Inline"/> when the table is full.</summary>
    public ushort NumberOf(string contentType)
    {
        if (_numbers.TryGetValue(contentType, out var number)) return number;
        lock (_names)
        {
            if (_numbers.TryGetValue(contentType, out number)) return number;
            if (_count == Limit) return Inline;
            number = (ushort)_count++;
            _names[number] = contentType;
            _numbers[contentType] = number;
            return number;
        }
    }

    /// <summary>Bytes that the item itself must keep for its content type: none when it is interned.</summary>
    public byte[] InlineBytes(string contentType, out ushort number)
    {
        number = NumberOf(contentType);
        return number == Inline ? Encoding.UTF8.GetBytes(contentType) : [];
    }
}
