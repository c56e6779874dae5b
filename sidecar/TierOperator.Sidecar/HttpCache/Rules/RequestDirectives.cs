using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>What a request's Cache-Control says; Pragma: no-cache where there is none. Source: RFC 9111, 5.2.1 and 5.4.</summary>
internal sealed record RequestDirectives
{
    public static readonly RequestDirectives None = new();

    public long? MaxAge { get; init; }

    /// <summary>How stale an answer may be; <see cref="long.MaxValue"/> for any.</summary>
    public long? MaxStale { get; init; }
    public long? MinFresh { get; init; }
    public long? StaleIfError { get; init; }
    public bool NoCache { get; init; }
    public bool NoStore { get; init; }
    public bool OnlyIfCached { get; init; }

    public static RequestDirectives Read(StringValues cacheControl, StringValues pragma)
    {
        if (cacheControl.Count == 0)
            return pragma.Count > 0 && DirectiveReader.Read(pragma).Exists(item => item.Is("no-cache")) ? None with { NoCache = true } : None;
        var result = None;
        foreach (var directive in DirectiveReader.Read(cacheControl)) result = result.With(directive);
        return result;
    }

    private RequestDirectives With(Directive directive) => directive.Name.ToLowerInvariant() switch
    {
        "max-age" => this with { MaxAge = Seconds(directive, 0) },
        "max-stale" => this with { MaxStale = directive.Argument is null ? long.MaxValue : Seconds(directive, 0) },
        "min-fresh" => this with { MinFresh = Seconds(directive, DeltaSeconds.Most) },
        "stale-if-error" => this with { StaleIfError = Seconds(directive, 0) },
        "no-cache" => this with { NoCache = true },
        "no-store" => this with { NoStore = true },
        "only-if-cached" => this with { OnlyIfCached = true },
        _ => this,
    };

    private static long Seconds(Directive directive, long unreadable)
        => DeltaSeconds.TryParse(directive.Argument, out var seconds) ? seconds : unreadable;
}
