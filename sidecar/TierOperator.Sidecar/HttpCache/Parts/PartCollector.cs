using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Parts;

/// <summary>Keeps a copy of a 206's body while it passes to the client that asked. One user.</summary>
internal sealed class PartCollector
{
    private readonly StoredResponse _head;
    private readonly ByteRange _range;
    private readonly long _total;
    private readonly byte[] _bytes;
    private int _length;

    private PartCollector(StoredResponse head, ByteRange range, long total)
        => (_head, _range, _total, _bytes) = (head, range, total, new byte[range.Length]);

    /// <summary>Null for an answer whose part is not stored: it may not be, its place in the whole is not said, it varies, or the whole is too long.</summary>
    public static PartCollector? Of(OriginExchange exchange, RouteEntry route)
    {
        var decision = StorageRules.Decide(exchange, route.Terms);
        if (decision.Freshness is not { } freshness || VaryRules.Fields(exchange.Headers.Vary, route.Route.Cache.Vary).Length > 0) return null;
        if (!RangeRules.TryReadContentRange(exchange.Headers.ContentRange, out var range, out var total) || total > StoredParts.MostBytes) return null;
        if (exchange.Headers.ContentLength is { } length && length != range.Length) return null;
        var head = HeadBuilder.Build(exchange, freshness, [.. decision.FieldsNotStored, "Content-Range", "Content-Length"], route);
        return new PartCollector(head, range, total);
    }

    public void Add(ReadOnlySpan<byte> data)
    {
        // More than was said: it will not count as whole.
        if (_length + data.Length <= _bytes.Length) data.CopyTo(_bytes.AsSpan(_length));
        _length += data.Length;
    }

    /// <summary>Null where the body was not as long as its range.</summary>
    public StoredParts? Whole => _length == _bytes.Length ? new StoredParts(_head, _total, [new BodyPart(_range, _bytes)]) : null;
}
