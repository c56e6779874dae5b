using System.Text;

namespace TierOperator.Tiering.Disk;

/// <summary>Rule names and content types repeat: reading a record need not make their strings anew.</summary>
/// <remarks>Thread-safe by replacing whole entries; a lost race costs one string. Bounded: 256 entries.</remarks>
internal static class TextCache
{
    private const int MaxCachedBytes = 64;
    private static readonly Entry?[] s_entries = new Entry?[256];

    private sealed record Entry(byte[] Bytes, string Text);

    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return "";
        if (utf8.Length > MaxCachedBytes) return Encoding.UTF8.GetString(utf8);
        ref var slot = ref s_entries[Crc32C.Compute(utf8) & 0xff];
        if (slot is { } found && utf8.SequenceEqual(found.Bytes)) return found.Text;
        var text = Encoding.UTF8.GetString(utf8);
        slot = new Entry(utf8.ToArray(), text);
        return text;
    }
}
