using Npgsql;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres.Search;

/// <summary>
/// Asks the database's word index, then reads the best items and shows their highlights. Masks are looked at once more here: an
/// item that was stored before the policy masked something is not found by it any more.
/// </summary>
internal sealed class SearchReader(PostgresTierOptions options, PostgresCalls calls)
{
    /// <summary>How many matches are ranked: a word that stands in every item must not make the server rank them all.</summary>
    private const int MaxRanked = 2000;
    private const int MaxLimit = 1000;

    public async ValueTask<SearchPage> SearchAsync(string text, int limit, CancellationToken cancellationToken)
    {
        if (!options.Search) return new SearchPage(RemoteReadStatus.Found, []) { Fault = "Search is off: set spec.tiers.postgres.search to true in the policy." };
        if (!SearchQuery.TryParse(text, out var query, out var fault)) return new SearchPage(RemoteReadStatus.Found, []) { Fault = fault };
        limit = Math.Clamp(limit, 1, MaxLimit);
        var answer = await calls.ReadAsync(Command(query, limit), reader => ReadAsync(reader, query, limit), calls.BatchTimeout, cancellationToken);
        return answer.Fault is null ? answer.Value : new SearchPage(RemoteReadStatus.Unavailable, []) { Fault = answer.Fault.Reason };
    }

    private NpgsqlBatchCommand Command(SearchQuery query, int limit) => new($"""
        WITH met AS (
            SELECT i.session_id, i.lookup, ts_rank_cd(i.words, to_tsquery('simple', $3), 1) AS rank
            FROM {calls.Schema}.item i JOIN {calls.Schema}.session s ON s.id = i.session_id
            WHERE i.words @@ to_tsquery('simple', $3) AND NOT i.removed AND s.namespace = $1 AND s.policy = $2
                AND s.rule IS NOT NULL AND s.expires_ms > $4 AND s.deadline_ms > $4
            LIMIT {MaxRanked + 1})
        SELECT s.lookup, s.long_key, s.rule, i.lookup, i.long_name, i.version, i.content_type, i.codec, i.length, i.value, met.rank, (SELECT count(*) FROM met)
        FROM met JOIN {calls.Schema}.item i ON i.session_id = met.session_id AND i.lookup = met.lookup JOIN {calls.Schema}.session s ON s.id = met.session_id
        ORDER BY met.rank DESC, s.lookup, i.lookup LIMIT $5
        """)
    {
        Parameters =
        {
            new NpgsqlParameter { Value = calls.Remote.Namespace }, new NpgsqlParameter { Value = calls.Remote.Policy },
            new NpgsqlParameter { Value = query.ToTextQuery() }, new NpgsqlParameter { Value = calls.NowMs }, new NpgsqlParameter { Value = (long)limit },
        },
    };

    private async Task<SearchPage> ReadAsync(NpgsqlDataReader reader, SearchQuery query, int limit)
    {
        var (hits, isCut) = (new List<SearchHit>(), false);
        while (await reader.ReadAsync())
        {
            isCut = reader.GetInt64(11) > MaxRanked;
            var stored = new StoredValue(reader.GetFieldValue<byte[]>(9), reader.GetInt16(7), reader.GetInt64(8));
            if (!stored.TryDecode(out var value)) continue;
            var item = new ItemSnapshot(reader.GetFieldValue<byte[]>(reader.IsDBNull(4) ? 3 : 4), reader.GetString(6), VersionColumn.To(reader.GetGuid(5)), value);
            if (HitOf(reader.GetFieldValue<byte[]>(reader.IsDBNull(1) ? 0 : 1), reader.GetString(2), item, query, options.MaskOf(reader.GetString(2))) is { } hit)
                hits.Add(hit with { Rank = reader.GetFloat(10) });
            value.Release();
        }

        return new SearchPage(RemoteReadStatus.Found, hits) { IsCut = isCut && hits.Count >= limit };
    }

    /// <summary>An item at hand as a hit, ranked by how much of it was met; null where it does not match. Also for what is not stored yet.</summary>
    public static SearchHit? HitOf(byte[] session, string rule, ItemSnapshot item, SearchQuery query, IReadOnlyList<string> masked)
    {
        if (SearchText.TextOf(item.Key, item.ContentType, item.Value, masked) is not { } text || query.Match(text) is not { } found) return null;
        var rank = found.Count / (1 + Math.Log(1 + text.Length));
        return new SearchHit(session, item.Key, item.Version, rank, Highlighter.Show(text, found)) { Rule = rule, ContentType = item.ContentType };
    }
}
