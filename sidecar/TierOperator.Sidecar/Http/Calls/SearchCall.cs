using System.Globalization;
using TierOperator.Tiering.Remote;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Full-text search over the postgres tier and what it has yet to hear of; best first.</summary>
internal static class SearchCall
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1000;

    public static async Task SearchAsync(Exchange exchange)
    {
        if (exchange.Query.Text("q") is not { Length: > 0 } query)
        {
            await exchange.RefuseAsync(Problems.Malformed("Say what to look for: /v1/search?q=WORDS."));
            return;
        }

        var limit = DefaultLimit;
        if (exchange.Query.Text("limit") is { } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            await exchange.RefuseAsync(Problems.Malformed($"limit takes 1 to {MaxLimit}."));
            return;
        }

        var page = await exchange.Engine.SearchAsync(query, limit, exchange.Aborted);
        if (page.Status != RemoteReadStatus.Found) await exchange.RefuseAsync(Problems.TierUnavailable($"The postgres tier, which answers searches, is away: {page.Fault}"));
        else if (page.Fault is not null) await exchange.RefuseAsync(Problems.Unprocessable(page.Fault));
        else await AnswerAsync(exchange, page);
    }

    private static Task AnswerAsync(Exchange exchange, SearchPage page) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        json.WriteStartArray("hits");
        foreach (var hit in page.Hits)
        {
            json.WriteStartObject();
            json.WriteId("session", hit.Session);
            json.WriteId("item", hit.Item);
            json.WriteString("rule", hit.Rule);
            json.WriteString("contentType", hit.ContentType);
            json.WriteString("etag", EntityTag.Format(hit.Version));
            json.WriteNumber("rank", Math.Round(hit.Rank, 4));
            json.WriteString("highlight", hit.Highlight);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("isCut", page.IsCut);
    });
}
