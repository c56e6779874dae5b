using System.Globalization;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Lists sessions page by page.</summary>
internal static class ListCall
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static Task ListAsync(Exchange exchange)
    {
        var tier = TierSet.None;
        var limit = DefaultLimit;
        if (exchange.Query.Text("tier") is { } name && !TierNames.TryParse(name, out tier))
            return exchange.RefuseAsync(Problems.Malformed("tier takes one of: memory, spillover, redis, postgres."));
        if (exchange.Query.Text("limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
            return exchange.RefuseAsync(Problems.Malformed($"limit takes 1 to {MaxLimit}."));

        var prefix = exchange.Query.Bytes("prefix") ?? [];
        if (prefix.Length > PathParser.MaxIdBytes) return exchange.RefuseAsync(Problems.BadId("prefix", IdFault.TooLong));
        try
        {
            return AnswerAsync(exchange, exchange.Engine.List(prefix, tier, limit, exchange.Query.Text("cursor")));
        }
        catch (FormatException)
        {
            return exchange.RefuseAsync(Problems.Malformed("cursor is not the \"next\" of a page that this sidecar gave."));
        }
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
