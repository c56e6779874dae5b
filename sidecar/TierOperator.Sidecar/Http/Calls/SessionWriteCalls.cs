using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>A whole session: replaced by a document, merged with a patch, removed.</summary>
internal static class SessionWriteCalls
{
    private const string MergePatchType = "application/merge-patch+json";

    public static Task ReplaceAsync(Exchange exchange) => WithDocumentAsync(exchange, SessionDocument.JsonType, ReplaceAsync);

    public static Task MergeAsync(Exchange exchange) => WithDocumentAsync(exchange, MergePatchType, MergeAsync);

    public static async Task DeleteAsync(Exchange exchange)
    {
        if (!WriteHeaders.TryRead(exchange, out var options, out var problem))
        {
            await exchange.RefuseAsync(problem!);
            return;
        }

        var outcome = await exchange.Engine.DeleteSessionAsync(exchange.First, options, CancellationToken.None);
        await WriteAnswer.WriteAsync(exchange.Http, outcome, isDelete: true);
    }

    private static async Task WithDocumentAsync(
        Exchange exchange, string mediaType, Func<Exchange, List<DocumentMember>, WriteOptions, Task> then)
    {
        if (!WriteHeaders.TryRead(exchange, out var options, out var problem))
        {
            await exchange.RefuseAsync(problem!);
            return;
        }

        if (!MediaType.Is(exchange.Http.Request.ContentType, mediaType))
        {
            await exchange.RefuseAsync(Problems.UnsupportedMedia(mediaType));
            return;
        }

        using var body = await JsonBody.ReceiveAsync(exchange);
        if (body.Problem is not null) await exchange.RefuseAsync(body.Problem);
        else if (!SessionDocument.TryRead(body.Bytes, out var members, out problem)) await exchange.RefuseAsync(problem!);
        else await then(exchange, members, options);
    }

    private static async Task ReplaceAsync(Exchange exchange, List<DocumentMember> members, WriteOptions options)
    {
        var items = members.ConvertAll(member => member.ToWrite());
        var outcome = await exchange.Engine.ReplaceSessionAsync(exchange.First, items, options, CancellationToken.None);
        await WriteAnswer.WriteAsync(exchange.Http, WithoutTag(outcome), isDelete: false);
    }

    private static async Task MergeAsync(Exchange exchange, List<DocumentMember> patch, WriteOptions options)
    {
        var outcome = MergePatch.NeedsPresent(patch)
            ? await exchange.Engine.MergeSessionAsync(exchange.First, present => MergePatch.Apply(patch, present), options, CancellationToken.None)
            : await UpdateAsync(exchange, MergePatch.Apply(patch, null), options);
        if (WriteAnswer.ProblemOf(outcome.Status, outcome.Detail) is { } problem)
        {
            await exchange.RefuseAsync(problem);
            return;
        }

        WriteAnswer.SetHeaders(exchange.ResponseHeaders, WithoutTag(outcome), isDelete: false);
        await JsonAnswer.WriteAsync(exchange.Http, outcome.Status == WriteStatus.Accepted ? 202 : 200, json =>
        {
            json.WriteNumber("put", patch.Count(member => !member.IsNull));
            json.WriteNumber("deleted", patch.Count(member => member.IsNull));
        });
    }

    private static ValueTask<WriteOutcome> UpdateAsync(Exchange exchange, SessionChange change, WriteOptions options)
        => exchange.Engine.UpdateSessionAsync(exchange.First, change.Puts, change.Deletes, options, CancellationToken.None);

    // A session's tag is over all its items, and another write may come between this one and its answer: a read tells it.
    private static WriteOutcome WithoutTag(WriteOutcome outcome) => outcome with { Version = default };
}
