using System.Globalization;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Lists sessions page by page.</summary>
internal static class ListCall
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static async Task ListAsync(Exchange exchange)
    {
        if (ReadQuery(exchange, out var query) is { } problem)
        {
            await exchange.RefuseAsync(problem);
            return;
        }

        try
        {
            var page = await exchange.Engine.ListAsync(query.Prefix, query.Tier, query.Limit, exchange.Query.Text("cursor"), exchange.Aborted);
            if (page.Unavailable == TierSet.None) await AnswerAsync(exchange, page);
            else await exchange.RefuseAsync(Problems.TierUnavailable($"The tier {TierNames.One(page.Unavailable)} does not answer, so the list cannot go on. Try again, or list another tier with ?tier=."));
        }
        catch (FormatException)
        {
            await exchange.RefuseAsync(Problems.Malformed("cursor is not the \"next\" of a page that this sidecar gave."));
        }
    }

    private static Problem? ReadQuery(Exchange exchange, out (byte[] Prefix, TierSet Tier, int Limit) query)
    {
        query = default;
        var tier = TierSet.None;
        var limit = DefaultLimit;
        if (exchange.Query.Text("tier") is { } name && !TierNames.TryParse(name, out tier))
            return Problems.Malformed("tier takes one of: memory, spillover, redis, postgres.");
        if (exchange.Query.Text("limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
            return Problems.Malformed($"limit takes 1 to {MaxLimit}.");

        var prefix = exchange.Query.Bytes("prefix") ?? [];
        if (prefix.Length > PathParser.MaxIdBytes) return Problems.BadId("prefix", IdFault.TooLong);
        query = (prefix, tier, limit);
        return null;
    }

    private static Task AnswerAsync(Exchange exchange, SessionPage page) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        json.WriteStartArray("sessions");
        foreach (var session in page.Sessions)
        {
            json.WriteStartObject();
            json.WriteId("session", session.Key);
            json.WriteStrings("tiers", TierNames.Each(session.Tiers));
            json.WriteNumber("bytes", session.Bytes);
            json.WriteNumber("items", session.Items);
            json.WriteTime("lastAccess", session.LastAccessMs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("next", page.Next);
    });
}
