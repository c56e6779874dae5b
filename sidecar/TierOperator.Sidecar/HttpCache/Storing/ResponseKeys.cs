using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Rules;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// The session keys of a route's responses: the route, the path in its encoded form, the query or those of its
/// parameters that count. A variant's key goes on with the marker's generation and the request's values.
/// </summary>
/// <remarks>Host, scheme and all other fields of the request are no part of it: none of them reaches the origin of a fill.</remarks>
internal sealed class ResponseKeys(CompiledRoute route)
{
    /// <summary>The longest key: the request line is bounded, and encoding takes at most three bytes for one.</summary>
    public const int MaxBytes = 32 * 1024;

    private static readonly SearchValues<char> s_plain = SearchValues.Create("/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@");
    private readonly byte[] _prefix = ReservedKeys.ResponsesOf(route.Name);
    private readonly byte[] _bodies = ReservedKeys.BodiesOf(route.Name);
    private readonly IReadOnlyList<string>? _query = route.Cache.KeyQuery;

    /// <summary>Writes the key of a URL; 0 where it does not fit.</summary>
    public int Write(string path, string query, Span<byte> target)
    {
        _prefix.CopyTo(target);
        var written = _prefix.Length;
        var encoded = Canonical(path);
        if (_query is not null) query = Chosen(query);
        if (written + encoded.Length + query.Length > target.Length) return 0;
        written += Encoding.Latin1.GetBytes(encoded, target[written..]);
        return written + Encoding.Latin1.GetBytes(query, target[written..]);
    }

    public byte[]? Of(string path, string query)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBytes);
        try
        {
            var length = Write(path, query, buffer);
            return length == 0 ? null : buffer[..length];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The key of the variant that a request asks for.</summary>
    public static byte[] Variant(ReadOnlySpan<byte> primary, VaryMarker marker, IHeaderDictionary asked)
    {
        var key = new ArrayBufferWriter<byte>(primary.Length + 128);
        key.Write(primary);
        key.Write<byte>([0]);
        BinaryPrimitives.WriteInt64LittleEndian(key.GetSpan(8), marker.Generation);
        key.Advance(8);
        foreach (var field in marker.Fields)
        {
            Encoding.UTF8.GetBytes(field, key);
            if (VaryRules.Normalize(field, asked[field]) is { } value)
            {
                key.Write<byte>([(byte)'=']);
                Encoding.UTF8.GetBytes(value, key);
            }

            key.Write<byte>([0]);
        }

        return key.WrittenSpan.ToArray();
    }

    /// <summary>What fetches of a variant are known by, from before it has a marker: the same as above, but for the generation.</summary>
    public static byte[] VariantFill(ReadOnlySpan<byte> primary, string[] fields, IHeaderDictionary asked) => Variant(primary, new VaryMarker(fields, 0), asked);

    /// <summary>The key under which this sidecar alone keeps a response.</summary>
    public static byte[] LocalOf(byte[] session)
    {
        var local = session.AsSpan().ToArray();
        local[1] = ReservedKeys.LocalKind;
        return local;
    }

    /// <summary>Where the parts of a URL's response stand. A variant's key goes on with more bytes.</summary>
    public static byte[] PartsOf(byte[] primary) => [.. primary, 0, (byte)'p'];

    /// <summary>A key of its own for a body that goes to disk alone.</summary>
    public byte[] NewBody() => [.. _bodies, .. Guid.NewGuid().ToByteArray()];

    /// <summary>The path as it goes to the origin, so that what is the same there is the same here.</summary>
    private static string Canonical(string path) => path.AsSpan().ContainsAnyExcept(s_plain) ? new PathString(path).ToUriComponent() : path;

    private string Chosen(string query)
    {
        if (query.Length < 2 || _query!.Count == 0) return "";
        // The values of one parameter stay in their order, which an origin may go by.
        var chosen = query[1..].Split('&').Where(pair => _query.Contains(NameOf(pair), StringComparer.Ordinal)).OrderBy(NameOf, StringComparer.Ordinal);
        var text = string.Join('&', chosen);
        return text.Length == 0 ? "" : "?" + text;
    }

    private static string NameOf(string pair)
    {
        var equals = pair.IndexOf('=', StringComparison.Ordinal);
        return Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]);
    }
}
