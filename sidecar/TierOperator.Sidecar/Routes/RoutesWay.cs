using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.HttpCache.Answering;
using TierOperator.Sidecar.HttpCache.Rules;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Every request that is not the sidecar's own: 1. host, origin and token; 2. what an intermediary must refuse or answer
/// itself; 3. its route; 4. the cache or straight through; 5. whatever went wrong as a problem.
/// </summary>
internal sealed class RoutesWay(RouteServices services, HostGuard guard, BearerToken? token, TimeProvider time, ILogger log)
{
    private readonly HotHit _hot = new(services.State, services.Cache.Store, guard, time);

    /// <summary>True for a request of a route; with no routes in the policy, never.</summary>
    public bool Takes(IFeatureCollection features)
        => services.State.Current is not null && !IsReserved(features.Get<IHttpRequestFeature>()!.Path);

    public bool TryHit(IFeatureCollection features) => token is null && _hot.TryAnswer(features);

    public async Task AnswerAsync(IFeatureCollection features)
    {
        var http = new DefaultHttpContext(features);
        try
        {
            if (services.State.Current is not { } routes) await Problems.NoRoute().WriteAsync(http);
            else if (Refuse(http, routes) is { } problem) await problem.WriteAsync(http);
            else if (!AnswersItself(http)) await RouteAsync(http, routes);
        }
        catch (Exception e)
        {
            await FailureAnswer.WriteAsync(http, e, log);
        }
    }

    private Task RouteAsync(HttpContext http, RouteSet routes)
    {
        if (routes.Matcher.Match(http.Features.Get<IHttpRequestFeature>()!) is not { } entry) return RouteProblems.NoRoute(routes).WriteAsync(http);
        if (IsCacheable(http, entry)) return services.Cache.AnswerAsync(http, entry);
        Invalidation.Watch(http, entry, routes.Matcher, services.Cache);
        var isMethod = entry.IsCached && !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);
        return PassThrough.SendAsync(http, entry, isMethod ? "method" : "bypass");
    }

    private Problem? Refuse(HttpContext http, RouteSet routes)
    {
        var headers = http.Request.Headers;
        if (guard.Check(headers.Host, headers.Origin, http.Connection.LocalIpAddress, routes.Hosts) is { } foreign) return foreign;
        if (token is not null && !token.Accepts(headers.ProxyAuthorization)) return RouteProblems.NeedsToken();

        if (!RequestPath.TryKeepEncoded(http.Features.Get<IHttpRequestFeature>()!)) return RouteProblems.DotsInPath();
        if (headers.TransferEncoding.Count > 0 && !IsChunked(headers.TransferEncoding)) return RouteProblems.OtherCoding();
        if (headers.TransferEncoding.Count > 0 && HttpProtocol.IsHttp10(http.Request.Protocol)) return RouteProblems.CodingOfLater();

        // The server keeps the length that Transfer-Encoding overrules under this name.
        if (headers.TransferEncoding.Count > 0 && headers.ContainsKey("X-Content-Length")) return RouteProblems.TwoLengths();
        var isTunnel = HttpMethods.IsConnect(http.Request.Method) && http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect != true;
        return isTunnel ? RouteProblems.NoTunnel() : RefuseForwards(http);
    }

    private static bool IsChunked(StringValues coding) => coding is [{ } one] && one.Equals("chunked", StringComparison.OrdinalIgnoreCase);

    // RFC 9110, 7.6.2: each hop takes one off, and the last one answers.
    private static Problem? RefuseForwards(HttpContext http)
    {
        if (!HttpMethods.IsTrace(http.Request.Method) && !HttpMethods.IsOptions(http.Request.Method)) return null;
        if (!long.TryParse(http.Request.Headers.MaxForwards, NumberStyles.None, CultureInfo.InvariantCulture, out var left)) return null;
        if (left == 0) return HttpMethods.IsTrace(http.Request.Method) ? RouteProblems.NoTrace() : null;
        http.Request.Headers.MaxForwards = (left - 1).ToString(CultureInfo.InvariantCulture);
        http.Items[s_passesOn] = true;
        return null;
    }

    private static readonly object s_passesOn = new();

    private static bool AnswersItself(HttpContext http)
    {
        if (!HttpMethods.IsOptions(http.Request.Method) || http.Request.Headers.MaxForwards != "0" || http.Items.ContainsKey(s_passesOn)) return false;
        http.Response.Headers.Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    private static bool IsCacheable(HttpContext http, RouteEntry entry)
    {
        if (!entry.IsCached || http.Request.Headers.Upgrade.Count > 0) return false;
        var isAsked = (HttpMethods.IsGet(http.Request.Method) && entry.Route.Cache.CachesGet)
            || (HttpMethods.IsHead(http.Request.Method) && entry.Route.Cache.CachesHead);
        return isAsked && http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true && !Conditions.NeedsOrigin(http.Request.Headers);
    }

    private static bool IsReserved(string path)
        => Starts(path, "/v1") || Starts(path, "/mcp");

    private static bool Starts(string path, string segment)
        => path.StartsWith(segment, StringComparison.OrdinalIgnoreCase) && (path.Length == segment.Length || path[segment.Length] == '/');
}
