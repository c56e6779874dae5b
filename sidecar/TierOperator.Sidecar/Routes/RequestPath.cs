using Microsoft.AspNetCore.Http.Features;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Paths with an encoded slash or percent sign. The server decodes all but <c>%2F</c>, so that <c>%2F</c> and <c>%252F</c> look alike in its
/// path; to an origin they are two. Here both stay encoded, so that every percent sign of a path begins one of the two.
/// </summary>
internal static class RequestPath
{
    private static readonly string[] s_dots = ["/./", "/../"];

    /// <summary>Sets the request's path so. False where dots remain in it, which the server would have resolved in its own.</summary>
    public static bool TryKeepEncoded(IHttpRequestFeature request)
    {
        if (!request.Path.Contains('%', StringComparison.Ordinal)) return true;
        var target = request.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0) target = target[..query];
        if (!target.StartsWith('/')) target = Uri.TryCreate(target, UriKind.Absolute, out var absolute) ? absolute.AbsolutePath : request.Path;
        request.Path = Decode(target) ?? request.Path;
        var withEnd = request.Path + "/";
        return !Array.Exists(s_dots, dots => withEnd.Contains(dots, StringComparison.Ordinal));
    }

    /// <summary>A path as it stands in a URL, decoded but for the two. Null for one with a NUL, which the server takes of nobody.</summary>
    public static string? Decode(string encoded)
    {
        if (encoded.Contains("%00", StringComparison.Ordinal)) return null;
        // As the server decodes it, which takes a text and no Uri: that would tidy the path up first.
#pragma warning disable CA2234
        return PathString.FromUriComponent(encoded.Replace("%25", "%2525", StringComparison.Ordinal)).Value ?? "/";
#pragma warning restore CA2234
    }

    /// <summary>Where a request goes whose path has some of it left encoded; the proxy's own way would encode it twice.</summary>
    public static Uri At(string prefix, PathString path, QueryString query)
        => new(prefix.TrimEnd('/') + path.ToUriComponent() + query.ToUriComponent());
}
