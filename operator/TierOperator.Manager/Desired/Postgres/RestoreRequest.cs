using System.Globalization;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>
/// A person's request to take a policy's PostgreSQL back to a time: an annotation of the policy, "TIME ID", answered by
/// another one, "TIME ID OUTCOME". The id tells two requests for the same time apart.
/// </summary>
/// <param name="Text">The annotation as it stands.</param>
/// <param name="To">The time; null for the newest that is archived.</param>
internal sealed record RestoreRequest(string Text, DateTimeOffset? To)
{
    /// <summary>In place of a time: everything that is archived.</summary>
    public const string Newest = "newest";

    /// <summary>A name of Kubernetes' own form, from what a person wrote.</summary>
    public string Digest { get; } = ObjectNames.Digest(Text);

    /// <summary>The time as the scripts take it; empty for the newest.</summary>
    public string TimeText => To is { } at ? Write(at) : "";

    /// <summary>The annotation that asks.</summary>
    public static string Ask(DateTimeOffset? to, string id) => $"{(to is { } at ? Write(at) : Newest)} {id}";

    /// <summary>The request that is not answered yet; null where there is none.</summary>
    public static RestoreRequest? Of(PolicyObject policy)
    {
        if (policy.Annotations.GetValueOrDefault(WellKnown.Restore) is not { Length: > 0 } asked) return null;
        if (IsAnswered(asked, policy.Annotations.GetValueOrDefault(WellKnown.Restored))) return null;
        var isReadable = TryReadTime(asked.Split(' ')[0], out var to);
        return new RestoreRequest(asked, to) { IsReadable = isReadable };
    }

    /// <summary>Whether the answer that stands on the policy is to this request, and not to one before.</summary>
    public static bool IsAnswered(string asked, string? answer) => answer?.StartsWith(asked + " ", StringComparison.Ordinal) == true;

    /// <summary>False where a person wrote something that is no time: nothing is restored then.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>Reads a time with its zone, or "newest". A time without a zone would mean another one to everybody who reads it.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset? to)
    {
        to = null;
        if (text == Newest) return true;
        var hasZone = text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal);
        if (!text.Contains('T', StringComparison.Ordinal) || !hasZone
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) return false;
        to = at.ToUniversalTime();
        return true;
    }

    private static string Write(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}
