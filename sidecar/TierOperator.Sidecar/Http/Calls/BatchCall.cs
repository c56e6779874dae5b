using System.Text.Json;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Up to 1,000 gets, puts and deletes in one call; whole or not at all with <c>"atomic": true</c>.</summary>
internal static class BatchCall
{
    public static async Task RunAsync(Exchange exchange)
    {
        if (!MediaType.IsJson(exchange.Http.Request.ContentType))
        {
            await exchange.RefuseAsync(Problems.UnsupportedMedia(SessionDocument.JsonType));
            return;
        }

        using var body = await JsonBody.ReceiveAsync(exchange);
        if (body.Problem is not null) await exchange.RefuseAsync(body.Problem);
        else if (!BatchReader.TryRead(body.Bytes, out var batch, out var problem)) await exchange.RefuseAsync(problem!);
        else await RunAsync(exchange, batch);
    }

    private static async Task RunAsync(Exchange exchange, BatchRequest batch)
    {
        List<BatchOutcome> outcomes = [];
        try
        {
            await RunAllAsync(exchange, batch, outcomes);
            await JsonAnswer.WriteAsync(exchange.Http, 200, json =>
            {
                json.WriteStartArray("results");
                for (var i = 0; i < outcomes.Count; i++) WriteResult(json, batch.Operations[i], outcomes[i], exchange.Services.Documents.MaxBytes);
                json.WriteEndArray();
            });
        }
        finally
        {
            foreach (var outcome in outcomes) outcome.Read?.Value.Release();
        }
    }

    /// <summary>
    /// A request of some kilobytes may ask a thousand times for the largest item: values are kept only as far as the answer
    /// may hold them. What is beyond has neither a read nor a write.
    /// </summary>
    private static async Task RunAllAsync(Exchange exchange, BatchRequest batch, List<BatchOutcome> outcomes)
    {
        if (batch.Atomic)
        {
            outcomes.AddRange(await exchange.Engine.BatchAsync(batch.Operations, atomic: true, CancellationToken.None));
            return;
        }

        var room = exchange.Services.Documents.MaxBytes;
        foreach (var operation in batch.Operations)
        {
            var outcome = (await exchange.Engine.BatchAsync([operation], atomic: false, CancellationToken.None))[0];
            if (outcome.Read is { Status: ReadStatus.Found } read && (room -= read.Value.Length) < 0)
            {
                (room, outcome) = (room + read.Value.Length, new BatchOutcome(null, null));
                read.Value.Release();
            }

            outcomes.Add(outcome);
        }
    }

    private static void WriteResult(Utf8JsonWriter json, BatchOperation operation, BatchOutcome outcome, long maxBytes)
    {
        json.WriteStartObject();
        if (outcome.Read is { } read) WriteRead(json, operation, read);
        else if (outcome.Write is null) WriteProblem(json, Problems.AnswerTooLarge(maxBytes));
        else if (outcome.Write is { } write) WriteWrite(json, operation, write);
        json.WriteEndObject();
    }

    private static void WriteRead(Utf8JsonWriter json, BatchOperation operation, in ReadOutcome read)
    {
        if (ReadAnswer.ProblemOf(read.Status) is { } problem)
        {
            WriteProblem(json, problem);
            return;
        }

        if (ConflictDocument.IsOne(read.ContentType))
        {
            WriteProblem(json, Problems.Disputed(null));
            json.WriteString("etag", EntityTag.Format(read.Version));
            return;
        }

        json.WriteNumber("status", 200);
        json.WriteString("etag", EntityTag.Format(read.Version));
        json.WriteString("contentType", read.ContentType);
        var item = new ItemSnapshot(operation.Item, read.ContentType!, read.Version, read.Value);
        var bytes = read.Value.Large is null ? read.Value.Bytes : read.Value.ToArray();
        if (SessionDocumentWriter.StandsAsIs(item))
        {
            json.WritePropertyName("value");
            json.WriteRawValue(bytes.Span, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("base64", bytes.Span);
        }
    }

    private static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WriteNumber("status", problem.Status);
        json.WriteString("type", Problem.TypePrefix + problem.Slug);
        json.WriteString("detail", problem.Detail);
    }

    private static void WriteWrite(Utf8JsonWriter json, BatchOperation operation, in WriteOutcome write)
    {
        var isDelete = operation.Kind == BatchKind.Delete;
        if (WriteAnswer.ProblemOf(write.Status, write.Detail) is { } problem)
        {
            WriteProblem(json, problem);
            return;
        }

        json.WriteNumber("status", WriteAnswer.StatusOf(write.Status, isDelete));
        if (!isDelete) json.WriteString("etag", EntityTag.Format(write.Version));
    }
}
