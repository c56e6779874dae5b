using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering;
using TierOperator.Tiering.Conflicts;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// An error as RFC 9457 tells it. <see cref="Slug"/> is the stable end of its <c>type</c>; <see cref="Detail"/> says what
/// to do. The list stands in docs/http-api.md.
/// </summary>
internal sealed record Problem(int Status, string Slug, string Title, string Detail)
{
    public const string TypePrefix = "https://tieroperator.io/problems/";
    public const string MediaType = "application/problem+json";

    /// <summary>Seconds after which to try again, for 429 and 503.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>How long the body is whose range was asked for, for 416.</summary>
    public string? ContentRange { get; init; }

    /// <summary>What the cache had to do with it (RFC 9211), on routes.</summary>
    public string? CacheStatus { get; init; }

    /// <summary>The methods that the path takes, for 405.</summary>
    public string? Allow { get; init; }

    /// <summary>The document of the versions that somebody has to choose between (<see cref="ConflictDocument"/>), and its tag.</summary>
    public ReadOnlyMemory<byte> Versions { get; init; }
    public ItemVersion? Tag { get; init; }

    /// <summary>The tiers that could not be asked.</summary>
    public TierSet Unavailable { get; init; }

    public async Task WriteAsync(HttpContext http)
    {
        var response = http.Response;
        if (response.HasStarted) return;
        response.Clear();
        response.StatusCode = Status;
        response.ContentType = MediaType;
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Allow is not null) response.Headers.Allow = Allow;
        if (ContentRange is not null) response.Headers.ContentRange = ContentRange;
        if (CacheStatus is not null) response.Headers[Routes.CacheStatus.Field] = CacheStatus;
        if (Tag is { } tag) response.Headers.ETag = EntityTag.Format(tag);
        if (Unavailable != TierSet.None) response.Headers[TierHeaders.Unavailable] = TierNames.Header(Unavailable);
        if (Status == 401) response.Headers.WWWAuthenticate = "Bearer";
        response.Headers.CacheControl = "no-store";
        var body = ToBytes();
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>The document.</summary>
    public byte[] ToBytes()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", TypePrefix + Slug);
            json.WriteString("title", Title);
            json.WriteNumber("status", Status);
            json.WriteString("detail", Detail);
            if (!Versions.IsEmpty) ConflictDocument.WriteVersions(json, Versions);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
