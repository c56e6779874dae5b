using System.Buffers;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <remarks>What other sidecars see, and what came while one was not looking.</remarks>
internal sealed partial class ResponseStore
{
    /// <summary>True where some responses of a route go to other sidecars and some, whose bodies lie on this one's disk, do not.</summary>
    private bool HasLocalPlace(byte[] session) => engine.IsShared(session) && !engine.IsShared(ResponseKeys.LocalOf(session));

    /// <summary>
    /// Where a response goes that other sidecars could read: to them, unless its body lies on this one's disk alone. What stands in the
    /// other of the two places is older, and goes.
    /// </summary>
    private async ValueTask<byte[]> PlaceAsync(byte[] session, BodyPlace place, CancellationToken cancellationToken)
    {
        var local = ResponseKeys.LocalOf(session);
        var (wanted, other) = place == BodyPlace.Apart ? (local, session) : (session, local);
        if (await engine.ReadAsync(other, s_item, cancellationToken) is { Status: ReadStatus.Found } present)
        {
            present.Value.Release();
            await engine.DeleteSessionAsync(other, default, cancellationToken);
        }

        return wanted;
    }

    /// <summary>Waits until other sidecars can read what was stored. False: they cannot.</summary>
    public async Task<bool> IsToldAsync(byte[] primary, byte[] session)
        => session[1] != ReservedKeys.LocalKind && await engine.IsToldAsync(session) && (ReferenceEquals(primary, session) || await engine.IsToldAsync(primary));

    /// <summary>Whether memory has a fresh response that fits a request, small enough to stand there in one item. Costs one look.</summary>
    public bool HasFreshHere(byte[] primary, IHeaderDictionary asked, RequestDirectives directives, long nowMs)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ItemValue.LargeFrom);
        try
        {
            if (!TryReadHere(primary, buffer, out var hit)) return false;
            if (ResponseCodec.ReadMarker(buffer.AsSpan(0, (int)hit.Length)) is { } marker && !TryReadHere(ResponseKeys.Variant(primary, marker, asked), buffer, out hit)) return false;
            return _heads.Read(hit.Version, buffer.AsSpan(0, (int)hit.Length)) is { } head
                   && ReuseRules.Decide(head.Freshness, directives, nowMs) == Reuse.Fresh && !purges.Covers(primary, head);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool TryReadHere(byte[] session, byte[] buffer, out MemoryHit hit)
    {
        if (!engine.TryReadMemory(session, s_item, buffer, out hit)) return false;
        hit.Large?.Release();
        return hit.Large is null;
    }

    /// <summary>
    /// Whether a fresh response is stored that fits a request, perhaps by another sidecar; it is then brought into this one's memory, because
    /// many may be waiting for it.
    /// </summary>
    public async ValueTask<bool> HasFreshAsync(byte[] primary, IHeaderDictionary asked, RequestDirectives directives, long nowMs)
    {
        using var found = await FindAsync(primary, asked, CancellationToken.None);
        if (found is null || ReuseRules.Decide(found.Head.Freshness, directives, nowMs) != Reuse.Fresh) return false;
        if (found.Source is not (TierSet.Redis or TierSet.Postgres)) return true;
        var whole = await engine.ReadSessionAsync(found.Session, CancellationToken.None);
        whole.Session?.Release();
        return whole.Status == ReadStatus.Found;
    }
}
