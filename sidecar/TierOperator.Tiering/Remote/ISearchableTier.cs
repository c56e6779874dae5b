namespace TierOperator.Tiering.Remote;

/// <summary>A tier that finds items by their words.</summary>
/// <remarks>Thread-safe. Not to be had is a status, as in <see cref="IRemoteTier"/>.</remarks>
public interface ISearchableTier
{
    /// <summary>
    /// Finds items by words (all must be there), <c>"phrases"</c>, <c>begin*</c>, <c>-not</c> and <c>OR</c>; best first. What the
    /// rule masks is neither found nor shown.
    /// </summary>
    ValueTask<SearchPage> SearchAsync(string query, int limit, CancellationToken cancellationToken);
}

/// <summary>What a search found. <see cref="Status"/> is Found, also with no hits, or Unavailable; <see cref="Fault"/> says what is wrong with the query.</summary>
public sealed record SearchPage(RemoteReadStatus Status, IReadOnlyList<SearchHit> Hits)
{
    /// <summary>True: more items match than were ranked, so a better one may be missing. Ask more narrowly.</summary>
    public bool IsCut { get; init; }
    public string? Fault { get; init; }
}

/// <summary>One item found. <see cref="Highlight"/> is HTML: text escaped, words found in <c>&lt;mark&gt;</c>.</summary>
public sealed record SearchHit(byte[] Session, byte[] Item, ItemVersion Version, double Rank, string Highlight)
{
    public required string Rule { get; init; }
    public required string ContentType { get; init; }
}
