using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>The one mapping from a read's outcome to HTTP, for what is not a hit of the hot path.</summary>
internal static class ReadAnswer
{
    /// <summary>Writes an item. The value's reference is given back whatever happens.</summary>
    public static async Task WriteAsync(Exchange exchange, ReadOutcome read, long ageSeconds)
    {
        using var value = new Releasing(read.Value);
        var http = exchange.Http;
        if (ProblemOf(read.Status) is { } problem)
        {
            await exchange.RefuseAsync(problem with { Unavailable = read.Unavailable });
            return;
        }

        if (ConflictDocument.IsOne(read.ContentType))
        {
            await exchange.RefuseAsync(Problems.Disputed(null) with { Versions = read.Value.ToArray(), Tag = read.Version });
            return;
        }

        SetHeaders(http, read, ageSeconds);
        if (EntityTag.Matches(http.Request.Headers.IfNoneMatch, read.Version))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = read.ContentType;
        http.Response.ContentLength = read.Value.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await WriteBodyAsync(http, read.Value);
    }

    public static Problem? ProblemOf(ReadStatus status) => status switch
    {
        ReadStatus.NotFound => Problems.NotFound("No tier of the policy holds this item."),
        ReadStatus.Unavailable => Problems.TierUnavailable(null),
        ReadStatus.NoRoom => Problems.OverBudget(),
        _ => null,
    };

    private static void SetHeaders(HttpContext http, in ReadOutcome read, long ageSeconds)
    {
        var headers = http.Response.Headers;
        headers.ETag = EntityTag.Format(read.Version);
        headers.Age = HotRead.Age(ageSeconds);
        headers[TierHeaders.Source] = TierNames.Header(read.Source);
        if (read.Rule is { } rule) headers[TierHeaders.Rule] = rule.Name;
        if (read.Unavailable != TierSet.None) headers[TierHeaders.Unavailable] = TierNames.Header(read.Unavailable);
    }

    // Chunk by chunk from native memory: the pipe's back-pressure keeps a slow reader from holding copies.
    private static async Task WriteBodyAsync(HttpContext http, ItemValue value)
    {
        var body = http.Response.BodyWriter;
        if (value.Large is not { } large)
        {
            await body.WriteAsync(value.Bytes, http.RequestAborted);
            return;
        }

        for (var i = 0; i < large.ChunkCount; i++)
        {
            var flush = await body.WriteAsync(large.Chunk(i), http.RequestAborted);
            if (flush.IsCompleted || flush.IsCanceled) return;
        }
    }

    private readonly struct Releasing(ItemValue value) : IDisposable
    {
        public void Dispose() => value.Release();
    }
}
