using System.Text.Json;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Refuses members of a request's object that nobody reads: a misspelt condition would otherwise write unconditionally.
/// </summary>
internal static class JsonMembers
{
    /// <summary>Throws <see cref="JsonException"/> for a member that is not known or stands twice.</summary>
    public static void Check(JsonElement element, string taker, IReadOnlyList<string> known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal)) throw new JsonException(UnknownName.Describe(member.Name, taker, known));
            if (!seen.Add(member.Name)) throw new JsonException($"\"{member.Name}\" stands twice.");
        }
    }
}
