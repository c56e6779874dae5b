using System.Buffers;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// A request's body: small in a pooled buffer, large in native chunks that were filled straight from the connection.
/// Disposing gives back the buffer and the lease, and the large value too unless the engine took it over.
/// </summary>
internal sealed class ReceivedBody : IDisposable
{
    private byte[]? _pooled;
    private InFlightLease? _lease;
    private LargeValue? _large;

    private ReceivedBody() { }

    /// <summary>Why there is no body; null when there is one.</summary>
    public Problem? Problem { get; private init; }

    public ReadOnlyMemory<byte> Small { get; private init; }

    public static ReceivedBody Refused(Problem problem) => new() { Problem = problem };

    public static ReceivedBody FromPool(byte[] pooled, int length)
        => new() { _pooled = pooled, Small = pooled.AsMemory(0, length) };

    public static ReceivedBody FromLarge(LargeValue large, InFlightLease lease)
        => new() { _large = large, _lease = lease };

    /// <summary>Hands the value on. Whoever takes it owns a large value's reference from here.</summary>
    public ItemValue Take()
    {
        if (_large is not { } large) return new ItemValue(Small);
        _large = null;
        return new ItemValue(large);
    }

    public void Dispose()
    {
        if (_pooled is { } pooled) ArrayPool<byte>.Shared.Return(pooled);
        _pooled = null;
        _large?.Release();
        _large = null;
        _lease?.Dispose();
        _lease = null;
    }
}
