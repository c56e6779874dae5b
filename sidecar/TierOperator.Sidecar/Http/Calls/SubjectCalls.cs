using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Checkpoints;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Everything that carries one <c>Tier-Subject</c>: erased, or exported as NDJSON with a line per session.</summary>
internal static class SubjectCalls
{
    public static async Task EraseAsync(Exchange exchange)
    {
        SubjectErasure erased;
        try
        {
            erased = await exchange.Engine.EraseSubjectEverywhereAsync(exchange.FirstText, CancellationToken.None);
        }
        catch (CheckpointException fault)
        {
            await exchange.RefuseAsync(CheckpointCalls.ProblemOf(fault));
            return;
        }

        if (erased.Unavailable != TierSet.None)
        {
            await exchange.RefuseAsync(Problems.TierUnavailable(
                $"{erased.Sessions} sessions were erased, but {TierNames.Header(erased.Unavailable)} did not answer and may hold more: erase the subject again when it does."));
            return;
        }

        await JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteString("subject", exchange.FirstText);
            json.WriteNumber("sessions", erased.Sessions);
            json.WriteNumber("archived", erased.Archived);
            json.WriteNumber("checkpoints", erased.Checkpoints);
            json.WriteNumber("checkpointsDropped", erased.CheckpointsDropped);
            json.WriteNumber("checkpointsUnread", erased.CheckpointsUnread);
        });
    }

    public static async Task ExportAsync(Exchange exchange)
    {
        if (exchange.Engine.SharedTiersAway is var away and not TierSet.None)
        {
            await exchange.RefuseAsync(Problems.TierUnavailable($"{TierNames.Header(away)} does not answer, so the export would not be whole: try again when it does."));
            return;
        }

        exchange.Http.Response.ContentType = "application/x-ndjson";
        await exchange.Http.Response.StartAsync(exchange.Aborted);
        await foreach (var session in exchange.Engine.ExportSubjectEverywhereAsync(exchange.FirstText, exchange.Aborted))
        {
            try
            {
                await WriteLineAsync(exchange, session);
            }
            finally
            {
                session.Release();
            }
        }
    }

    private static async Task WriteLineAsync(Exchange exchange, SessionSnapshot session)
    {
        var pipe = exchange.Http.Response.BodyWriter;
        await using (var json = new Utf8JsonWriter(pipe))
        {
            json.WriteStartObject();
            json.WriteId("session", session.Key);
            json.WriteString("subject", session.Header.Subject);
            json.WriteTime("created", session.Header.CreatedMs);
            json.WriteTime("lastAccess", session.Header.LastAccessMs);
            json.WriteTime("deadline", session.Header.DeadlineMs);
            json.WritePropertyName("document");
            await json.FlushAsync(exchange.Aborted);

            // The document streams past the writer, item by item; the line ends by hand.
            var document = new SessionDocumentWriter(pipe);
            foreach (var item in session.Items) await document.WriteItemAsync(item, exchange.Aborted);
            document.Finish();
            document.Put("}\n"u8);
            json.Reset();
        }

        await pipe.FlushAsync(exchange.Aborted);
    }
}
