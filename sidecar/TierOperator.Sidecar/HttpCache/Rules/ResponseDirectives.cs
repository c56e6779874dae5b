using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>
/// What an answer's Cache-Control, or the targeted field that stands in its place, says. Of a directive that comes twice
/// the stricter counts, and a time that cannot be read counts as none left: an error must not make a response fresher.
/// </summary>
internal sealed record ResponseDirectives
{
    public static readonly ResponseDirectives None = new();

    public long? MaxAge { get; init; }
    public long? SharedMaxAge { get; init; }
    public long? StaleWhileRevalidate { get; init; }
    public long? StaleIfError { get; init; }
    public bool NoStore { get; init; }
    public bool NoCache { get; init; }
    public bool Private { get; init; }
    public bool Public { get; init; }
    public bool MustRevalidate { get; init; }
    public bool ProxyRevalidate { get; init; }
    public bool MustUnderstand { get; init; }
    public bool Immutable { get; init; }

    /// <summary>Fields that a qualified no-cache or private keeps out of the cache.</summary>
    public IReadOnlyList<string> FieldsNotStored { get; init; } = [];

    public static ResponseDirectives Read(StringValues lines)
    {
        if (lines.Count == 0) return None;
        var read = DirectiveReader.Read(lines);
        var result = read.Count > DirectiveReader.MostDirectives ? None with { NoStore = true } : None;
        foreach (var directive in read) result = result.With(directive);
        return result;
    }

    public ResponseDirectives With(Directive directive) => directive.Name.ToLowerInvariant() switch
    {
        "max-age" => this with { MaxAge = Least(MaxAge, directive) },
        "s-maxage" => this with { SharedMaxAge = Least(SharedMaxAge, directive) },
        "stale-while-revalidate" => this with { StaleWhileRevalidate = Least(StaleWhileRevalidate, directive) },
        "stale-if-error" => this with { StaleIfError = Least(StaleIfError, directive) },
        "no-store" => this with { NoStore = true },
        "no-cache" when directive.Fields is { Length: > 0 } fields => this with { FieldsNotStored = [.. FieldsNotStored, .. fields] },
        "no-cache" => this with { NoCache = true },
        "private" when directive.Fields is { Length: > 0 } fields => this with { FieldsNotStored = [.. FieldsNotStored, .. fields] },
        "private" => this with { Private = true },
        "public" => this with { Public = true },
        "must-revalidate" => this with { MustRevalidate = true },
        "proxy-revalidate" => this with { ProxyRevalidate = true },
        "must-understand" => this with { MustUnderstand = true },
        "immutable" => this with { Immutable = true },
        _ => this,
    };

    private static long Least(long? before, Directive directive)
        => DeltaSeconds.TryParse(directive.Argument, out var seconds) ? Math.Min(before ?? long.MaxValue, seconds) : 0;
}
