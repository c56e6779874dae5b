using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>One item: read, store, remove.</summary>
internal static class ItemCalls
{
    public static async Task ReadAsync(Exchange exchange)
    {
        var read = TryMemory(exchange) ?? await exchange.Engine.ReadAsync(exchange.First, exchange.Second, exchange.Aborted);
        var age = (exchange.Services.Time.GetUtcNow().ToUnixTimeMilliseconds() - read.Version.Milliseconds) / 1000;
        await ReadAnswer.WriteAsync(exchange, read, age);
    }

    public static async Task PutAsync(Exchange exchange)
    {
        if (!WriteHeaders.TryRead(exchange, out var options, out var problem)
            || !TryReadContentType(exchange.Http.Request.ContentType, out var contentType, out problem))
        {
            await exchange.RefuseAsync(problem!);
            return;
        }

        using var body = await BodyReceiver.ReceiveAsync(
            exchange.Http, exchange.Engine, exchange.Services.Connections.MaxBodyBytes, "--max-body");
        if (body.Problem is not null)
        {
            await exchange.RefuseAsync(body.Problem);
            return;
        }

        var write = new ItemWrite(exchange.Second, contentType, body.Take());
        // Once the body is here the write is carried through, whether or not the client still waits.
        var outcome = await exchange.Engine.PutAsync(exchange.First, write, options, CancellationToken.None);
        await WriteAnswer.WriteAsync(exchange.Http, outcome, isDelete: false);
    }

    public static async Task DeleteAsync(Exchange exchange)
    {
        if (!WriteHeaders.TryRead(exchange, out var options, out var problem))
        {
            await exchange.RefuseAsync(problem!);
            return;
        }

        var outcome = await exchange.Engine.DeleteItemAsync(exchange.First, exchange.Second, options, CancellationToken.None);
        await WriteAnswer.WriteAsync(exchange.Http, outcome, isDelete: true);
    }

    public static bool TryReadContentType(string? given, out string contentType, out Problem? problem)
    {
        contentType = given ?? "application/octet-stream";
        problem = SessionDocument.TakesType(contentType)
            ? null
            : Problems.Malformed($"Content-Type takes at most {SessionDocument.MaxContentTypeLength} printable ASCII characters, and not {ConflictDocument.ContentType}, which is the sidecar's own.");
        return problem is null;
    }

    // Large values and unusual clients come this way too; a hit must not become a read of lower tiers.
    private static ReadOutcome? TryMemory(Exchange exchange)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(ItemValue.LargeFrom);
        try
        {
            if (!exchange.Engine.TryReadMemory(exchange.First, exchange.Second, buffer, out var hit)) return null;
            return new ReadOutcome(ReadStatus.Found)
            {
                Value = hit.Large is { } large ? new ItemValue(large) : new ItemValue(buffer.AsSpan(0, (int)hit.Length).ToArray()),
                ContentType = hit.ContentType,
                Version = hit.Version,
                Source = TierSet.Memory,
                Rule = hit.Rule,
            };
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
