using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Postgres.Search;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>How many sessions that PostgreSQL has yet to hear of are looked through at most.</summary>
    private const int MaxUnsynced = 2_000;

    /// <summary>About what one word found is worth to the database's ranking, so that both kinds of hit stand in one order.</summary>
    private const double RankOfAWord = 0.1;

    /// <summary>
    /// Finds items by their words: in the postgres tier, and in what this sidecar has yet to tell it. Where both know an item, what is
    /// here counts.
    /// </summary>
    public async ValueTask<SearchPage> SearchAsync(string query, int limit, CancellationToken cancellationToken)
    {
        if (_shared?.Of(TierSet.Postgres) is not { Link: { Tier: ISearchableTier tier } link } loop)
            return new SearchPage(RemoteReadStatus.Found, []) { Fault = "Search is answered by the postgres tier, which this policy does not declare." };
        if (!link.CanRead) return new SearchPage(RemoteReadStatus.Unavailable, []) { Fault = link.Tier.State.Reason };
        var owed = loop.Outbox.Keys(MaxUnsynced);
        var page = await tier.SearchAsync(query, limit, cancellationToken);
        if (page.Status != RemoteReadStatus.Found || page.Fault is not null || !SearchQuery.TryParse(query, out var parsed, out _)) return page;
        var hits = page.Hits.Where(hit => !loop.Outbox.Pending(hit.Session).Replaces(hit.Item)).Concat(owed.SelectMany(key => HitsHere(key, parsed)));
        return page with { Hits = [.. hits.OrderByDescending(static hit => hit.Rank).Take(limit)] };
    }

    private List<SearchHit> HitsHere(byte[] key, SearchQuery query)
    {
        var hits = new List<SearchHit>();
        if (SnapshotOf(key) is not { } session) return hits;
        var rule = _rules.Stored(session.Header.Rule, key).Rule;
        foreach (var item in session.Items)
        {
            if (SearchText.TextOf(item.Key, item.ContentType, item.Value, rule.PiiMask) is not { } text || query.Match(text) is not { } found) continue;
            hits.Add(new SearchHit(key, item.Key, item.Version, RankOfAWord * found.Count, Highlighter.Show(text, found)) { Rule = rule.Name, ContentType = item.ContentType });
        }

        session.Release();
        return hits;
    }
}
