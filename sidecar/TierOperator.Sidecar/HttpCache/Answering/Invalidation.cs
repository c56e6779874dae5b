using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// What an unsafe request changes is forgotten, on whichever routes it is cached: its URL, and those that the answer's Location and
/// Content-Location name on the same origin. It happens before the answer goes out, so that the client's next request does not meet what it has just
/// changed. Source: RFC 9111, 4.4.
/// </summary>
internal static class Invalidation
{
    public static void Watch(HttpContext http, RouteEntry entry, RouteMatcher routes, RouteCache cache)
    {
        if (IsSafe(http.Request.Method)) return;
        http.Response.OnStarting(() => http.Response.StatusCode is >= 200 and < 400 ? ForgetAsync(http, entry, routes, cache) : Task.CompletedTask);
    }

    /// <summary>Forgets one URL with its variants, and keeps what is being fetched for it from being stored.</summary>
    public static async Task<bool> ForgetAsync(RouteEntry entry, RouteCache cache, string path, string query)
    {
        if (entry.Keys.Of(path, query) is not { } key) return false;
        await cache.Fills.DoomAsync(fill => fill.Terms.Primary.AsSpan().SequenceEqual(key));
        return await cache.Store.RemoveAsync(key, CancellationToken.None);
    }

    private static async Task ForgetAsync(HttpContext http, RouteEntry entry, RouteMatcher routes, RouteCache cache)
    {
        var urls = new List<(string? Path, string Query)> { (http.Request.Path.Value ?? "/", http.Request.QueryString.Value ?? "") };
        foreach (var field in new[] { http.Response.Headers.Location, http.Response.Headers.ContentLocation })
            if (field.Count == 1 && Resolve(http, entry, field[0]!) is { } url) urls.Add((RequestPath.Decode(url.AbsolutePath), url.Query));
        foreach (var (path, query) in urls)
            foreach (var route in path is null ? [] : routes.CachesOf(path)) await ForgetAsync(route, cache, path!, query);
    }

    // What an answer says of another host's URLs is nothing that this cache may act on.
    private static Uri? Resolve(HttpContext http, RouteEntry entry, string location)
    {
        if (!Uri.TryCreate($"http://{http.Request.Host}{http.Request.PathBase}{http.Request.Path.ToUriComponent()}", UriKind.Absolute, out var here)) return null;
        if (!Uri.TryCreate(here, location, out var url)) return null;
        if (url.Host.Equals(here.Host, StringComparison.OrdinalIgnoreCase)) return url;
        foreach (var origin in entry.Route.Origin.Destinations)
            if (origin.Host.Equals(url.Host, StringComparison.OrdinalIgnoreCase) && origin.Port == url.Port) return url;
        return null;
    }

    private static bool IsSafe(string method)
        => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);
}
