using System.Text.Json;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Up to 1,000 gets, puts and deletes in one call; whole or not at all with <c>"atomic": true</c>.</summary>
internal static class BatchCall
{
    public static async Task RunAsync(Exchange exchange)
    {
        if (!MediaTypes.IsJson(exchange.Http.Request.ContentType))
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
        var outcomes = await exchange.Engine.BatchAsync(batch.Operations, batch.Atomic, CancellationToken.None);
        try
        {
            await JsonAnswer.WriteAsync(exchange.Http, 200, json =>
            {
                json.WriteStartArray("results");
                for (var i = 0; i < outcomes.Count; i++) WriteResult(json, batch.Operations[i], outcomes[i]);
                json.WriteEndArray();
            });
        }
        finally
        {
            foreach (var outcome in outcomes) outcome.Read?.Value.Release();
        }
    }

    private static void WriteResult(Utf8JsonWriter json, BatchOperation operation, BatchOutcome outcome)
    {
        json.WriteStartObject();
        if (outcome.Read is { } read) WriteRead(json, operation, read);
        else if (outcome.Write is { } write) WriteWrite(json, operation, write);
        json.WriteEndObject();
    }

    private static void WriteRead(Utf8JsonWriter json, BatchOperation operation, in ReadOutcome read)
    {
        var problem = ReadAnswer.ProblemOf(read.Status);
        json.WriteNumber("status", problem?.Status ?? 200);
        if (problem is not null)
        {
            json.WriteString("type", Problem.TypePrefix + problem.Slug);
            json.WriteString("detail", problem.Detail);
            return;
        }

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

    private static void WriteWrite(Utf8JsonWriter json, BatchOperation operation, in WriteOutcome write)
    {
        var isDelete = operation.Kind == BatchKind.Delete;
        json.WriteNumber("status", WriteAnswer.StatusOf(write.Status, isDelete));
        if (WriteAnswer.ProblemOf(write.Status, write.Detail) is { } problem)
        {
            json.WriteString("type", Problem.TypePrefix + problem.Slug);
            json.WriteString("detail", problem.Detail);
        }
        else if (!isDelete)
        {
            json.WriteString("etag", EntityTag.Format(write.Version));
        }
    }
}
