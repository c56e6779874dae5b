using System.Globalization;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// The text of an announcement: <c>version:base64(key)</c>, several joined by a space, under the 8,000 bytes that NOTIFY takes. A key
/// too long to be told whole stands as <c>version:*</c>: somebody's session changed. The database puts the node's number in front.
/// </summary>
internal static class AnnouncementNote
{
    /// <summary>NOTIFY takes 7,999 bytes; the rest is for the node and its number.</summary>
    private const int MaxLength = 7900;
    private const string Untold = "*";

    public static void Add(List<string> notes, ReadOnlySpan<byte> session, ItemVersion newest)
    {
        var key = session.Length <= LookupKey.MaxWholeBytes ? Convert.ToBase64String(session) : Untold;
        var entry = $"{newest}:{key}";
        if (notes.Count > 0 && notes[^1].Length + 1 + entry.Length <= MaxLength) notes[^1] = $"{notes[^1]} {entry}";
        else notes.Add(entry);
    }

    /// <summary>Reads what the database sent. False when it is not in this form: somebody else's, or damaged.</summary>
    public static bool TryRead(string payload, out uint node, out long number, out List<(ItemVersion Newest, byte[]? Session)> entries)
    {
        (number, entries) = (0, []);
        var words = payload.Split(' ');
        if (!uint.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out node) || words.Length < 3
            || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out number)) return false;
        foreach (var word in words.AsSpan(2))
        {
            var colon = word.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !ItemVersion.TryParse(word.AsSpan(0, colon), out var newest)) return false;
            if (word.AsSpan(colon + 1).SequenceEqual(Untold)) entries.Add((newest, null));
            else if (TryDecode(word[(colon + 1)..], out var session)) entries.Add((newest, session));
            else return false;
        }

        return true;
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[(text.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(text, bytes, out var written)) return false;
        bytes = bytes[..written];
        return true;
    }
}
