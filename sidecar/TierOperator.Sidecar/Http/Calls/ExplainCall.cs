using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Remote;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Why a key lives where it lives: rule, tiers, residency, deadline and copies.</summary>
internal static class ExplainCall
{
    public static async Task ExplainAsync(Exchange exchange)
    {
        var item = exchange.Query.Bytes("item");
        if (exchange.Query.Bytes("session") is not { } session)
            await exchange.RefuseAsync(Problems.Malformed("Name the session: /v1/explain?session=ID, and an item with &item=ID."));
        else if ((CheckId("session", session) ?? (item is null ? null : CheckId("item", item))) is { } problem)
            await exchange.RefuseAsync(problem);
        else
            await AnswerAsync(exchange, session, item, await exchange.Engine.CopiesThereAsync(session, exchange.Aborted));
    }

    private static Task AnswerAsync(Exchange exchange, byte[] session, byte[]? item, IReadOnlyList<SharedCopy> copies)
    {

        var policy = exchange.Engine.Policy;
        var meta = exchange.Engine.Describe(session);
        return JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteString("session", session);
            if (item is not null) json.WriteString("item", item);
            var matched = item is null ? policy.Matcher.MatchSession(session, null) : policy.Matcher.MatchItem(session, item, null);
            WriteRule(json, "matches", matched);
            json.WriteString("because", Because(policy, session, matched, meta is not null));
            WriteCopies(json, copies);
            if (meta is null)
            {
                json.WriteNull("stored");
                return;
            }

            WriteRule(json, "obeys", meta.Rule);
            json.WriteStartObject("stored");
            SessionMetaJson.Write(json, meta);
            json.WriteEndObject();
        });
    }

    private static void WriteCopies(Utf8JsonWriter json, IReadOnlyList<SharedCopy> copies)
    {
        json.WriteStartArray("shared");
        foreach (var copy in copies)
        {
            json.WriteStartObject();
            json.WriteString("tier", TierNames.One(copy.Tier));
            json.WriteString("holds", HoldsOf(copy));
            json.WriteNumber("items", copy.Items);
            json.WriteTime("newest", copy.Newest.Milliseconds);
            json.WriteBoolean("outstanding", copy.IsOwed);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string HoldsOf(SharedCopy copy) => copy.Status switch
    {
        RemoteReadStatus.Unavailable => "unknown: it does not answer",
        RemoteReadStatus.Found => copy.IsPart ? "a part of it" : "all of it",
        _ => copy.Newest == ItemVersion.None ? "nothing" : "that it was deleted",
    };

    private static Problem? CheckId(string what, byte[] id) => id.Length switch
    {
        0 => Problems.BadId(what, IdFault.Empty),
        > PathParser.MaxIdBytes => Problems.BadId(what, IdFault.TooLong),
        _ => null,
    };

    private static string Because(CompiledPolicy policy, byte[] session, CompiledRule matched, bool isStored)
    {
        var why = matched.Index == policy.Rules.Count - 1
            ? "no rule's globs take it, so the implicit last one does"
            : $"rule {matched.Index + 1} is the first whose globs take it";
        if (policy.Matcher.NeedsFields(session)) why += "; rules with where conditions also look at the session's fields, which were not looked at here";
        return isStored ? why + "; a stored session obeys the rule that took it at its last write" : why;
    }

    private static void WriteRule(Utf8JsonWriter json, string name, CompiledRule rule)
    {
        json.WriteStartObject(name);
        json.WriteString("rule", rule.Name);
        json.WriteStrings("tiers", TierNames.Each(rule.Tiers));
        json.WriteString("write", rule.Write.ToString());
        json.WriteString("ack", rule.Ack.ToString());
        json.WriteString("onTierFailure", rule.OnTierFailure.ToString());
        json.WriteNumber("promoteAfter", rule.PromoteAfter);
        json.WriteStartObject("residency");
        if (rule.MemoryTtl > TimeSpan.Zero) json.WriteNumber("memorySeconds", rule.MemoryTtl.TotalSeconds);
        if (rule.SpilloverTtl > TimeSpan.Zero) json.WriteNumber("spilloverSeconds", rule.SpilloverTtl.TotalSeconds);
        json.WriteEndObject();
        json.WriteNumber("deadlineSeconds", rule.Deadline.TotalSeconds);
        json.WriteEndObject();
    }
}
