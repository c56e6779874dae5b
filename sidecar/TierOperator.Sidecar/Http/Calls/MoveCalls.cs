using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Moving a session by hand. Each answers with the tiers that hold it afterwards.</summary>
internal static class MoveCalls
{
    public static async Task LoadAsync(Exchange exchange)
        => await AnswerAsync(exchange, await exchange.Engine.LoadAsync(exchange.First, exchange.Aborted));

    public static async Task EvictAsync(Exchange exchange)
        => await AnswerAsync(exchange, await exchange.Engine.EvictAsync(exchange.First, exchange.Aborted));

    public static async Task TouchAsync(Exchange exchange)
        => await AnswerAsync(exchange, await exchange.Engine.TouchAsync(exchange.First, exchange.Aborted));

    public static async Task MigrateAsync(Exchange exchange)
    {
        using var body = await JsonBody.ReceiveAsync(exchange);
        if (body.Problem is not null)
        {
            await exchange.RefuseAsync(body.Problem);
            return;
        }

        var declared = exchange.Engine.Policy.DeclaredTiers;
        if (!TryReadTarget(body.Bytes, out var to, out var fault) || (declared & to) == 0)
        {
            await exchange.RefuseAsync(Problems.Malformed(
                $"{fault}Send {{\"to\": \"…\"}} with one of the policy's tiers: {string.Join(", ", TierNames.Each(declared))}."));
            return;
        }

        await AnswerAsync(exchange, await exchange.Engine.MigrateAsync(exchange.First, to, exchange.Aborted));
    }

    private static bool TryReadTarget(ReadOnlyMemory<byte> body, out TierSet to, out string fault)
    {
        (to, fault) = (TierSet.None, "");
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return false;
            JsonMembers.Check(root, "a move", ["to"]);
            return root.TryGetProperty("to", out var name)
                && name.ValueKind == JsonValueKind.String
                && TierNames.TryParse(name.GetString(), out to);
        }
        catch (JsonException e)
        {
            fault = $"The body cannot be read: {e.Message} ";
            return false;
        }
        catch (InvalidOperationException)
        {
            return false; // half a surrogate pair, which is no tier's name
        }
    }

    private static async Task AnswerAsync(Exchange exchange, MoveOutcome outcome)
    {
        if (outcome.Status is not (WriteStatus.Unprocessable or WriteStatus.Unavailable))
            outcome = outcome with { Tiers = outcome.Tiers | await exchange.Engine.TiersThereAsync(exchange.First, exchange.Aborted) };
        await AnswerWithAsync(exchange, outcome);
    }

    private static Task AnswerWithAsync(Exchange exchange, MoveOutcome outcome)
    {
        if (outcome.Status == WriteStatus.NotFound)
            return exchange.RefuseAsync(Problems.NotFound(outcome.Detail ?? "No tier of the policy holds this session."));
        if (WriteAnswer.ProblemOf(outcome.Status, outcome.Detail) is { } problem) return exchange.RefuseAsync(problem);
        return JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteId("session", exchange.First);
            json.WriteStrings("tiers", TierNames.Each(outcome.Tiers));
        });
    }
}
