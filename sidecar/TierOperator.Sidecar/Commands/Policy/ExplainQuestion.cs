using TierOperator.Policy.Compiled;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>What <c>tier policy explain</c> is asked: a session, an item of it or none, and the session's fields.</summary>
internal sealed class ExplainQuestion(string session, string? item, string[] fields) : ISessionFields
{
    private readonly Dictionary<string, string> _fields = fields
        .Select(field => field.Split('=', 2)).GroupBy(pair => pair[0], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last()[1], StringComparer.Ordinal);

    public string Session { get; } = session;

    public string? Item { get; } = item;

    public bool TryGetField(string path, out string value) => _fields.TryGetValue(path, out value!);
}
