using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace TierOperator.Sidecar.Http;

/// <summary>What a connection may ask of the sidecar. Every limit has its flag; ranges stand in docs/configuration.md.</summary>
public sealed record ConnectionLimits
{
    /// <summary>The largest request body, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 64L * 1024 * 1024;

    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How long a connection may idle between two requests.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>How long a client may take to send a request's headers.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The slowest a client may send a body or take an answer, in bytes per second, after five seconds of grace.</summary>
    public int MinBytesPerSecond { get; init; } = 240;
}

/// <summary>
/// Kestrel's options, all of them on purpose. The bare endpoint that benchmarks compare with links this file, so that
/// both run under the same options: it must stay free of other types of this program.
/// </summary>
public static class KestrelSetup
{
    /// <summary>Two ids of 512 bytes, each byte percent-encoded, are 3 KiB; the rest is for a query.</summary>
    public const int MaxRequestLineBytes = 8 * 1024;

    private static readonly DigitsEncoding s_digits = new();
    private static readonly OptionsEncoding s_options = new();

    /// <summary>What a field's name is made of. Source: RFC 9110, 5.6.2.</summary>
    private static readonly SearchValues<char> s_token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    public const int MaxHeaderBytes = 16 * 1024;
    public const int MaxHeaders = 64;

    public static void Apply(KestrelServerOptions options, ConnectionLimits limits)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(limits);
        // A line ends with CR and LF; one who takes a bare LF for an end and one who does not see two different requests.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        options.AddServerHeader = false;
        options.AllowSynchronousIO = false;
        options.AllowResponseHeaderCompression = false;
        options.DisableStringReuse = false;
        // Origins' fields are bytes: they are read as Latin-1 and go out as they came.
        options.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        options.RequestHeaderEncodingSelector = EncodingOf;
        options.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);

        var asked = options.Limits;
        asked.MaxRequestLineSize = MaxRequestLineBytes;
        asked.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        asked.MaxRequestHeaderCount = MaxHeaders;
        // Each call bounds its own body and answers 413. The server's limit would cut the connection off instead of reading
        // on for its five seconds, and most clients would never see the answer.
        asked.MaxRequestBodySize = null;
        asked.MaxConcurrentConnections = limits.MaxConnections;
        asked.MaxConcurrentUpgradedConnections = limits.MaxConnections;
        asked.KeepAliveTimeout = limits.KeepAlive;
        asked.RequestHeadersTimeout = limits.HeadersTimeout;

        var slowest = new MinDataRate(limits.MinBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));
        asked.MinRequestBodyDataRate = slowest;
        asked.MinResponseDataRate = slowest;
    }

    // The server takes any name for a field. Who stands behind may see another one in it, and the proxy would leave it out without a word: so
    // the request is refused, by the exception that the server takes for a value that cannot be read.
    private static Encoding? EncodingOf(string name)
    {
        // HTTP/2 has fields of its own that begin with a colon; in HTTP/1.1 the colon ends a name.
        if (name.AsSpan(name.StartsWith(':') ? 1 : 0).ContainsAnyExcept(s_token)) throw new InvalidOperationException("A field's name is no token.");
        if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase)) return s_options;
        return name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? s_digits : null;
    }

    /// <summary>
    /// How a request's Content-Length is read. The server by itself takes "+5" for five, and who stands before it may not: what is no
    /// number of up to 19 digits becomes a text that it refuses.
    /// </summary>
    private sealed class DigitsEncoding : ASCIIEncoding
    {
        private const int MostDigits = 19;

        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            if (bytes.Length is > 0 and <= MostDigits && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return base.GetChars(bytes, chars);
            chars[0] = '?';
            return 1;
        }
    }

    /// <summary>
    /// How a line of a request's Connection is read. Where the server finds keep-alive or close alone among the options, it forgets the names of
    /// fields that stand beside it, and these must not be passed on: so a line with such a name says both, by which the server keeps it all, and
    /// the connection ends with this request.
    /// </summary>
    private sealed class OptionsEncoding : Encoding
    {
        /// <summary>Options of the connection, and names that are never passed on anyway.</summary>
        private static readonly string[] s_known = ["close", "keep-alive", "upgrade", "TE", "HTTP2-Settings", "Proxy-Connection", "Transfer-Encoding"];

        public override int GetCharCount(byte[] bytes, int index, int count) => Read(bytes.AsSpan(index, count)).Length;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
        {
            var text = Read(bytes.AsSpan(byteIndex, byteCount));
            text.CopyTo(chars.AsSpan(charIndex));
            return text.Length;
        }

        public override int GetMaxCharCount(int byteCount) => byteCount + BothEnds.Length;
        public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException("It is for reading alone.");
        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => throw new NotSupportedException("It is for reading alone.");
        public override int GetMaxByteCount(int charCount) => throw new NotSupportedException("It is for reading alone.");

        private const string BothEnds = ", keep-alive, close";

        private static string Read(ReadOnlySpan<byte> line)
        {
            var text = Latin1.GetString(line);
            // The text of a value with a NUL or beyond ASCII is none that a name could be: the server refuses it.
            if (!Ascii.IsValid(line) || line.Contains((byte)0)) throw new InvalidOperationException("An option of the connection is no token.");
            foreach (var option in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (!s_known.Contains(option, StringComparer.OrdinalIgnoreCase)) return text + BothEnds;
            return text;
        }
    }
}
