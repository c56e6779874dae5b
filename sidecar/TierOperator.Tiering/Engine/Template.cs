using System.Text;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>Fills a policy's template, such as <c>{userId}</c>, from a session's fields.</summary>
internal static class Template
{
    public static bool TryFill(string template, SessionSnapshot session, out string filled)
    {
        filled = "";
        var fields = new SnapshotFields(session);
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '{')
            {
                text.Append(template[i]);
                continue;
            }

            var end = template.IndexOf('}', i);
            if (end < 0 || !fields.TryGetField(template[(i + 1)..end], out var value) || value.Length == 0) return false;
            text.Append(value);
            i = end;
        }

        filled = text.ToString();
        return filled.Length > 0;
    }
}
