namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>One directive: a name in its written case, and its argument, unquoted. Null where it has none.</summary>
internal readonly record struct Directive(string Name, string? Argument)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>The field names of a qualified directive such as <c>private="set-cookie, x"</c>.</summary>
    public string[] Fields => Argument?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}

/// <summary>
/// Takes Cache-Control apart: tolerant of what stands between directives, strict about quotes, so that a directive's
/// name within a quoted string is never taken for a directive. Source: RFC 9111, 5.2.
/// </summary>
internal static class DirectiveReader
{
    /// <summary>More than any honest field has; what stands behind it is ignored by the caller as if it forbade storing.</summary>
    public const int MostDirectives = 100;

    public static List<Directive> Read(Microsoft.Extensions.Primitives.StringValues lines)
    {
        var directives = new List<Directive>();
        foreach (var line in lines)
            if (line is not null) ReadLine(line, directives);
        return directives;
    }

    private static void ReadLine(string line, List<Directive> directives)
    {
        var at = 0;
        while (at < line.Length && directives.Count <= MostDirectives)
        {
            while (at < line.Length && line[at] is ',' or ' ' or '\t') at++;
            var start = at;
            while (at < line.Length && line[at] is not (',' or '=')) at++;
            var name = line[start..at].TrimEnd(' ', '\t');
            string? argument = null;
            if (at < line.Length && line[at] == '=')
            {
                at++;
                argument = ReadArgument(line, ref at);
            }

            if (name.Length > 0) directives.Add(new Directive(name, argument));
        }
    }

    private static string ReadArgument(string line, ref int at)
    {
        if (at >= line.Length || line[at] != '"')
        {
            var start = at;
            while (at < line.Length && line[at] != ',') at++;
            return line[start..at].TrimEnd(' ', '\t');
        }

        var text = new System.Text.StringBuilder();
        for (at++; at < line.Length && line[at] != '"'; at++)
        {
            if (line[at] == '\\' && at + 1 < line.Length) at++;
            text.Append(line[at]);
        }

        // What stands between the closing quote and the comma belongs to no directive.
        while (at < line.Length && line[at] != ',') at++;
        return text.ToString();
    }
}
