using System.Text;

namespace TierOperator.Policy.Compiled;

/// <summary>
/// The session keys that only the sidecar itself uses. They start with a byte that UTF-8 never has, so no id of the HTTP
/// API can be one; listeners whose keys may be any bytes refuse those that <see cref="IsReserved"/>.
/// </summary>
public static class ReservedKeys
{
    public const byte FirstByte = 0xFF;

    /// <summary>The session of what was purged from the routes' caches. It starts as no response's key does.</summary>
    public static byte[] Purges { get; } = [FirstByte, (byte)'p'];

    public static bool IsReserved(ReadOnlySpan<byte> session) => session.Length > 0 && session[0] == FirstByte;

    /// <summary>What the keys of a route's responses start with.</summary>
    public static byte[] ResponsesOf(string route) => [FirstByte, (byte)'r', .. Encoding.UTF8.GetBytes(route), 0];

    /// <summary>What the keys of responses start with whose bodies only this sidecar's disk has, so that other sidecars must not meet their heads.</summary>
    public static byte[] LocalResponsesOf(string route) => [FirstByte, LocalKind, .. Encoding.UTF8.GetBytes(route), 0];

    /// <summary>The second byte of such a key; the rest is that of the response's shared key.</summary>
    public const byte LocalKind = (byte)'l';

    /// <summary>What the keys of bodies start with that are too large for memory and live on disk alone.</summary>
    public static byte[] BodiesOf(string route) => [FirstByte, (byte)'b', .. Encoding.UTF8.GetBytes(route), 0];
}
