using System.Globalization;
using System.Text;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>What a shared tier refused for good: looked at, sent anew, or given up.</summary>
internal static class DeadLetterCalls
{
    /// <summary>Letters listed; the count is always whole.</summary>
    private const int MaxListed = 1000;

    public static Task ListAsync(Exchange exchange) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        var letters = exchange.Engine.ListDeadLetters();
        json.WriteNumber("count", letters.Count);
        json.WriteStartArray("letters");
        foreach (var letter in letters.Take(MaxListed))
        {
            json.WriteStartObject();
            json.WriteString("id", letter.Id.ToString(CultureInfo.InvariantCulture));
            json.WriteString("tier", TierNames.One(letter.Tier));
            json.WriteId("session", letter.Session);
            json.WriteStartArray("items");
            foreach (var item in letter.Items)
                if (System.Text.Unicode.Utf8.IsValid(item)) json.WriteStringValue(item);
            json.WriteEndArray();
            json.WriteString("reason", letter.Reason);
            json.WriteTime("refused", letter.RefusedMs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static Task RetryAsync(Exchange exchange)
        => TryRead(exchange, out var id) && exchange.Engine.RetryDeadLetter(id) ? DoneAsync(exchange, "retried") : NoneAsync(exchange);

    public static Task DropAsync(Exchange exchange)
        => TryRead(exchange, out var id) && exchange.Engine.DropDeadLetter(id) ? DoneAsync(exchange, "dropped") : NoneAsync(exchange);

    private static bool TryRead(Exchange exchange, out long id)
        => long.TryParse(Encoding.UTF8.GetString(exchange.First), NumberStyles.None, CultureInfo.InvariantCulture, out id);

    private static Task DoneAsync(Exchange exchange, string done) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        json.WriteString("id", exchange.FirstText);
        json.WriteString("outcome", done);
    });

    private static Task NoneAsync(Exchange exchange) => exchange.RefuseAsync(Problems.NotFound("There is no dead letter of this id: GET /v1/dead-letters lists them."));
}
