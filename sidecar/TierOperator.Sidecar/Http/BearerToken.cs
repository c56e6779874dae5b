using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.Http;

/// <summary>The token that callers must send, read from a file and read again when the file changes.</summary>
/// <remarks>Thread-safe: one reference is swapped. The comparison takes the same time for any token of the same length.</remarks>
internal sealed class BearerToken
{
    private const string Scheme = "Bearer ";
    private volatile string _token;

    private BearerToken(string token) => _token = token;

    /// <summary>Reads the file. Throws <see cref="IOException"/> when it cannot be read or holds no token.</summary>
    public static BearerToken Load(string path) => new(Read(path));

    public void Reload(string path) => _token = Read(path);

    public bool Accepts(StringValues authorization)
    {
        if (authorization.Count != 1) return false;
        var header = authorization[0].AsSpan();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        return CryptographicOperations.FixedTimeEquals(
            MemoryMarshal.AsBytes(header[Scheme.Length..].Trim()), MemoryMarshal.AsBytes(_token.AsSpan()));
    }

    /// <summary>Whether a header can carry a token: printable ASCII without spaces.</summary>
    public static bool IsSendable(string token) => !token.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static string Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path).Trim();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        if (text.Length == 0) throw new IOException($"the token file {path} is empty: write a token into it");
        return IsSendable(text) ? text : throw new IOException($"the token file {path} holds more than one line or word of ASCII, which no header could carry");
    }
}
