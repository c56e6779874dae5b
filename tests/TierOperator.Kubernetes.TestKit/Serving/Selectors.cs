using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>Label and field selectors, as queries write them.</summary>
internal sealed class Selectors(string? labels, string? fields)
{
    private readonly List<Func<JsonObject, bool>> _conditions = [.. Split(labels).Select(OfLabel), .. Split(fields).Select(OfField)];

    public bool Match(JsonObject body) => _conditions.TrueForAll(condition => condition(body));

    private static IEnumerable<string> Split(string? text)
    {
        var (depth, start) = (0, 0);
        for (var place = 0; place <= (text?.Length ?? -1); place++)
        {
            var sign = place < text!.Length ? text[place] : ',';
            depth += sign == '(' ? 1 : sign == ')' ? -1 : 0;
            if (sign != ',' || depth > 0) continue;
            if (text[start..place].Trim() is { Length: > 0 } part) yield return part;
            start = place + 1;
        }
    }

    private static Func<JsonObject, bool> OfLabel(string term)
    {
        if (term.EndsWith(')'))
        {
            var isNot = term.Contains(" notin ", StringComparison.Ordinal);
            var parts = term.Split(isNot ? " notin " : " in ", 2);
            var values = parts[1].Trim(' ', '(', ')').Split(',', StringSplitOptions.TrimEntries);
            return body => values.Contains(Label(body, parts[0].Trim())) != isNot;
        }

        if (term.Contains('=', StringComparison.Ordinal)) return Equality(term, Label);
        return term.StartsWith('!') ? body => Label(body, term[1..]) is null : body => Label(body, term) is not null;
    }

    private static Func<JsonObject, bool> OfField(string term) => Equality(term, (body, path) =>
        path.Split('.').Aggregate((JsonNode?)body, (node, step) => (node as JsonObject)?[step])?.ToString() ?? "");

    private static Func<JsonObject, bool> Equality(string term, Func<JsonObject, string, string?> valueOf)
    {
        var isNot = term.Contains("!=", StringComparison.Ordinal);
        var parts = term.Split(isNot ? "!=" : term.Contains("==", StringComparison.Ordinal) ? "==" : "=", 2);
        return body => (valueOf(body, parts[0].Trim()) == parts[1].Trim()) != isNot;
    }

    private static string? Label(JsonObject body, string name) => (body["metadata"]?["labels"] as JsonObject)?[name]?.GetValue<string>();
}
