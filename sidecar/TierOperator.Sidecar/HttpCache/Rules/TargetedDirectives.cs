using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>
/// Fields that speak to shared caches alone and stand in Cache-Control's place: CDN-Cache-Control (RFC 9213), a
/// dictionary of RFC 8941 that counts only as a whole, and Surrogate-Control.
/// </summary>
internal static class TargetedDirectives
{
    /// <summary>Null where the field is absent, empty or not well-formed: Cache-Control then counts.</summary>
    public static ResponseDirectives? ReadCdn(StringValues lines)
    {
        if (lines.Count == 0) return null;
        var text = lines.Count == 1 ? lines[0]! : string.Join(", ", lines.ToArray());
        if (!StructuredDictionary.TryParse(text, out var members) || members.Count == 0) return null;
        var result = ResponseDirectives.None;
        foreach (var (name, value) in members)
        {
            if (!Fits(name, value)) return null;
            if (value is false) continue;
            result = result.With(new Directive(name, value switch { long number => Math.Max(-1, number).ToString(System.Globalization.CultureInfo.InvariantCulture), string text1 => text1, _ => null }));
        }

        return result;
    }

    /// <summary><c>max-age=600+60</c> is fresh for 600 s and may be stale for 60 s more.</summary>
    public static ResponseDirectives? ReadSurrogate(StringValues lines)
    {
        if (lines.Count == 0) return null;
        var result = ResponseDirectives.None;
        foreach (var directive in DirectiveReader.Read(lines))
        {
            if (directive.Is("no-store")) result = result with { NoStore = true };
            else if (directive.Is("no-store-remote")) continue;
            else if (directive.Is("max-age")) result = WithMaxAge(result, directive.Argument ?? "");
        }

        return result.NoStore || result.MaxAge is not null ? result : null;
    }

    private static ResponseDirectives WithMaxAge(ResponseDirectives result, string argument)
    {
        var plus = argument.IndexOf('+', StringComparison.Ordinal);
        var fresh = plus < 0 ? argument : argument[..plus];
        result = result.With(new Directive("max-age", fresh));
        return plus < 0 ? result : result.With(new Directive("stale-while-revalidate", argument[(plus + 1)..]));
    }

    private static bool Fits(string name, object value) => name switch
    {
        "max-age" or "s-maxage" or "stale-while-revalidate" or "stale-if-error" => value is long,
        "no-store" or "public" or "must-revalidate" or "proxy-revalidate" or "must-understand" or "immutable" => value is bool,
        "no-cache" or "private" => value is bool or string,
        _ => true,
    };
}
