using System.Globalization;
using System.Text.Unicode;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Takes request targets apart by hand. It works on the raw target, because an id may hold an encoded slash that the
/// server's decoded path no longer tells from a separator. Allocates nothing.
/// </summary>
internal static class PathParser
{
    /// <summary>The longest id in a path, in bytes after decoding.</summary>
    public const int MaxIdBytes = 512;

    private const string SessionsPrefix = "/v1/sessions/";
    private const string ItemsInfix = "items/";

    /// <summary>
    /// Takes <c>/v1/sessions/{s}/items/{i}</c> apart. False for any other target and for faulty ids: the caller then goes
    /// the general way, which tells what is wrong.
    /// </summary>
    public static bool TryParseItem(
        ReadOnlySpan<char> target, Span<byte> session, Span<byte> item, out int sessionBytes, out int itemBytes)
    {
        (sessionBytes, itemBytes) = (0, 0);
        if (!target.StartsWith(SessionsPrefix, StringComparison.Ordinal)) return false;
        var rest = target[SessionsPrefix.Length..];
        var slash = rest.IndexOf('/');
        if (slash <= 0) return false;
        var tail = rest[(slash + 1)..];
        if (!tail.StartsWith(ItemsInfix, StringComparison.Ordinal)) return false;
        tail = tail[ItemsInfix.Length..];
        if (tail.IndexOfAny('/', '?') >= 0) return false;
        return Decode(rest[..slash], session[..MaxIdBytes], out sessionBytes) == IdFault.None
            && Decode(tail, item[..MaxIdBytes], out itemBytes) == IdFault.None;
    }

    /// <summary>Decodes one segment into at most as many bytes of UTF-8 as <paramref name="id"/> has.</summary>
    public static IdFault Decode(ReadOnlySpan<char> segment, Span<byte> id, out int written)
    {
        written = 0;
        if (segment.IsEmpty) return IdFault.Empty;
        var escaped = false;
        for (var i = 0; i < segment.Length; i++)
        {
            if (written == id.Length) return IdFault.TooLong;
            var c = segment[i];
            if (c == '%')
            {
                if (i + 2 >= segment.Length) return IdFault.BadEscape;
                if (!byte.TryParse(segment.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                    return IdFault.BadEscape;
                id[written++] = value;
                escaped = true;
                i += 2;
            }
            else if (c < 0x80)
            {
                id[written++] = (byte)c;
            }
            else
            {
                return IdFault.BadEscape;
            }
        }

        return escaped && !Utf8.IsValid(id[..written]) ? IdFault.NotUtf8 : IdFault.None;
    }

    /// <summary>The path of a target: without the query, and without the scheme and host of an absolute form.</summary>
    public static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && !target.StartsWith("/", StringComparison.Ordinal))
        {
            target = target[(scheme + 3)..];
            var slash = target.IndexOf('/');
            target = slash < 0 ? "/" : target[slash..];
        }

        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    /// <summary>What follows the question mark of a target.</summary>
    public static ReadOnlySpan<char> QueryOf(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        return query < 0 ? [] : target[(query + 1)..];
    }
}
