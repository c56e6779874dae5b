using Microsoft.Extensions.Primitives;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>What of an answer's head is stored, and what a 304 or HEAD renews of it. Source: RFC 9111, 3.1 and 3.2.</summary>
internal static class HeadBuilder
{
    private static readonly string[] s_ofTheBody = ["Content-Length", "Content-Encoding", "Content-Range"];

    public static StoredResponse Build(OriginExchange exchange, Freshness freshness, IReadOnlyList<string> notStored, RouteEntry route)
    {
        var fields = new List<StoredField>(exchange.Headers.Count + 1);
        foreach (var (name, value) in exchange.Headers)
            if (IsStored(name, notStored, route)) fields.Add(new StoredField(name, value));
        if (exchange.Headers.Date.Count == 0) fields.Add(new StoredField("Date", HttpDates.Format(exchange.ReceivedMs)));
        return new StoredResponse
        {
            Status = exchange.Status, Fields = [.. fields], Freshness = freshness, AskedMs = exchange.AskedMs,
            Place = BodyPlace.Inline, BodyLength = exchange.Headers.ContentLength ?? -1, Tags = TagsOf(exchange.Headers, route),
        };
    }

    /// <summary>
    /// Whether a 304 is about a stored response: it names no entity tag, or the same one, weak or not. Source: RFC 9111, 4.3.4.
    /// </summary>
    public static bool IsAbout(StoredResponse stored, IHeaderDictionary newer)
        => newer.ETag.Count == 0 || (stored.ETag is { } tag && Conditions.IsSame(tag, newer.ETag.ToString()));

    /// <summary>The stored head with the fields of a newer one. Null where it must not be kept any longer.</summary>
    public static StoredResponse? Renew(StoredResponse stored, OriginExchange newer, RouteEntry route)
    {
        IHeaderDictionary merged = new HeaderDictionary();
        foreach (var field in stored.Fields) merged[field.Name] = field.Value;
        if (newer.Headers.Date.Count == 0) merged.Date = HttpDates.Format(newer.ReceivedMs);
        foreach (var (name, value) in newer.Headers)
            if (!s_ofTheBody.Contains(name, StringComparer.OrdinalIgnoreCase)) merged[name] = value;
        // It stands under the fields by which it varied: where these change, requests would get it that it does not fit.
        if (!VaryRules.Fields(merged.Vary, route.Route.Cache.Vary).AsSpan().SequenceEqual(VaryRules.Fields(stored.Field("Vary"), route.Route.Cache.Vary))) return null;
        var exchange = newer with { Status = stored.Status, Headers = merged };
        var decision = StorageRules.Decide(exchange, route.Terms);
        if (decision.Freshness is not { } freshness) return null;
        var built = Build(exchange, freshness, decision.FieldsNotStored, route);
        return stored with { Fields = built.Fields, Freshness = freshness, AskedMs = newer.AskedMs, Tags = built.Tags };
    }

    private static bool IsStored(string name, IReadOnlyList<string> notStored, RouteEntry route)
    {
        if (!HopByHop.IsStored(name)) return false;
        foreach (var left in notStored)
            if (left.Equals(name, StringComparison.OrdinalIgnoreCase)) return false;
        return true;
    }

    private static string[] TagsOf(IHeaderDictionary headers, RouteEntry route)
    {
        var cacheTag = headers["Cache-Tag"];
        var surrogateKey = headers["Surrogate-Key"];
        if (cacheTag.Count == 0 && surrogateKey.Count == 0) return route.Tags;
        return [.. route.Tags.Concat(Split(cacheTag, ',')).Concat(Split(surrogateKey, ' ')).Distinct(StringComparer.Ordinal).Take(RouteEntry.MostTags)];
    }

    private static IEnumerable<string> Split(StringValues lines, char by)
        => lines.SelectMany(line => (line ?? "").Split(by, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
