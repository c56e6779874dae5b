using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Parts;

/// <summary>Parts of responses in the engine, a session for a URL beside the whole's. When they are all there they become the whole.</summary>
/// <remarks>Thread-safe: of two that add at once one may be lost, and is fetched again.</remarks>
internal sealed class PartStore(ResponseStore store)
{
    /// <summary>The parts of a URL that may be given for a request now; null where there are none.</summary>
    public async ValueTask<StoredParts?> FindAsync(byte[] primary, RequestDirectives directives, long nowMs, CancellationToken cancellationToken)
    {
        if (await ReadAsync(primary, cancellationToken) is not { } parts || store.Purges.Covers(primary, parts.Head)) return null;
        return ReuseRules.Decide(parts.Head.Freshness, directives, nowMs) == Reuse.Fresh ? parts : null;
    }

    public async Task AddAsync(byte[] primary, StoredParts newer, IHeaderDictionary asked)
    {
        if (await ReadAsync(primary, CancellationToken.None) is { } present && !store.Purges.Covers(primary, present.Head)) newer = present.With(newer);
        if (newer.IsWhole) await CompleteAsync(primary, newer, asked);
        else
        {
            var item = new ItemWrite(ResponseStore.Item.ToArray(), ResponseStore.ContentType, ItemValue.From(PartsCodec.Write(newer)));
            await store.Engine.ReplaceSessionAsync(ResponseKeys.PartsOf(primary), [item], new WriteOptions { Ttl = ResponseStore.KeepFor(newer.Head) }, CancellationToken.None);
        }
    }

    private async ValueTask<StoredParts?> ReadAsync(byte[] primary, CancellationToken cancellationToken)
    {
        var read = await store.Engine.ReadAsync(ResponseKeys.PartsOf(primary), ResponseStore.Item.ToArray(), cancellationToken);
        if (read.Status != ReadStatus.Found) return null;
        var bytes = read.Value.ToArray();
        read.Value.Release();
        return PartsCodec.Read(bytes);
    }

    private async Task CompleteAsync(byte[] primary, StoredParts parts, IHeaderDictionary asked)
    {
        var bytes = parts.Parts[0].Bytes;
        var isInline = bytes.Length <= Filling.BodyTerms.LargestInline;
        var chunks = new List<LargeValue>();
        for (var at = 0; !isInline && at < bytes.Length; at += FoundResponse.ChunkBytes)
        {
            var piece = bytes.Span.Slice(at, Math.Min(FoundResponse.ChunkBytes, bytes.Length - at));
            var chunk = LargeValue.Allocate(piece.Length);
            chunk.Write(0, piece);
            chunks.Add(chunk);
        }

        var head = parts.Head with { Status = StatusCodes.Status200OK, BodyLength = bytes.Length, Place = isInline ? BodyPlace.Inline : BodyPlace.Items };
        await store.StoreAsync(new NewResponse(primary, head, isInline ? bytes : default, chunks) { Asked = asked }, CancellationToken.None);
        foreach (var chunk in chunks) chunk.Release();
        await store.Engine.DeleteSessionAsync(ResponseKeys.PartsOf(primary), default, CancellationToken.None);
    }
}
