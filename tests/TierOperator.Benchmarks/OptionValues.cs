using System.CommandLine.Parsing;
using System.Globalization;

namespace TierOperator.Benchmarks;

/// <summary>Readers for option values that the command line's own do not know.</summary>
internal static class OptionValues
{
    public static Uri? ParseUrl(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp) return url;
        argument.AddError($"'{text}' is no http URL: write http://127.0.0.1:7070");
        return null;
    }

    public static TimeSpan? ParseDuration(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        var digits = text.TrimEnd('m', 's', 'h');
        var seconds = text[digits.Length..] switch { "ms" => 0.001, "s" or "" => 1, "m" => 60, "h" => 3600, _ => 0.0 };
        if (seconds > 0 && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0)
            return TimeSpan.FromSeconds(number * seconds);
        argument.AddError($"'{text}' is no duration: write 500ms, 30s, 2m or 1h");
        return null;
    }
}
