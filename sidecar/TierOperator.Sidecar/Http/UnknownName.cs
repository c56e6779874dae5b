using TierOperator.Policy.Reading;

namespace TierOperator.Sidecar.Http;

/// <summary>Tells of a member or parameter that is not taken, and of the one that was probably meant.</summary>
internal static class UnknownName
{
    /// <summary>As much of a client's text as an answer repeats.</summary>
    private const int MostShown = 64;

    public static string Describe(string written, string taker, IReadOnlyList<string> known)
    {
        var shown = written.Length > MostShown ? string.Concat(written.AsSpan(0, MostShown), "…") : written;
        var nearest = NearestName.Find(written, known);
        if (nearest is not null) return $"\"{shown}\" is not taken; did you mean \"{nearest}\"?";
        return $"\"{shown}\" is not taken; {taker} takes {(known.Count == 0 ? "none" : string.Join(", ", known))}.";
    }
}
