using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <remarks>Bodies that live on disk alone, in sessions of their own, which the disk may let go of before their heads.</remarks>
internal sealed partial class ResponseStore
{
    /// <summary>
    /// One chunk of a body that lives on disk alone, in turn. False: the disk did not take it. With the first goes a mark: what leaves the
    /// disk leaves it whole, also while the rest is still coming, so that the mark says whether all is there.
    /// </summary>
    public async Task<bool> AppendAsync(byte[] bodyKey, int index, LargeValue chunk, TimeSpan ttl, CancellationToken cancellationToken)
    {
        chunk.AddReference();
        var item = new ItemWrite(FoundResponse.ChunkName(index), ContentType, new ItemValue(chunk));
        var options = new WriteOptions { Ttl = ttl };
        var outcome = index == 0
            ? await engine.ReplaceSessionAsync(bodyKey, [BodyMark, item], options, cancellationToken)
            : await engine.PutAsync(bodyKey, item, options, cancellationToken);
        return outcome.Succeeded;
    }

    /// <summary>Takes a body from the disk that no response has.</summary>
    public async Task ForgetBodyAsync(byte[] bodyKey) => await engine.DeleteSessionAsync(bodyKey, default, CancellationToken.None);

    private static ItemWrite BodyMark => new(s_item, ContentType, new ItemValue(Array.Empty<byte>()));

    private async ValueTask<bool> HasBodyAsync(byte[] bodyKey, CancellationToken cancellationToken)
    {
        var read = await engine.ReadAsync(bodyKey, s_item, cancellationToken);
        if (read.Status == ReadStatus.Found) read.Value.Release();
        return read.Status == ReadStatus.Found;
    }
}
