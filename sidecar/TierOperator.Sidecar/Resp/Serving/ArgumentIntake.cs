using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// A large argument that is arriving: its bytes go from the socket into the memory in which the tiers will keep them, so that a
/// value is never held twice. <see cref="Finish"/> hands it over; disposing gives it up.
/// </summary>
internal sealed class ArgumentIntake(int length) : IDisposable
{
    private LargeValue? _value = LargeValue.Allocate(length);
    private int _filled;

    public bool IsFull => _filled == length;

    /// <summary>Where the next bytes go; empty when it is full.</summary>
    public Span<byte> Room => IsFull ? default : _value!.Chunk(_filled / LargeValue.ChunkBytes).Span[(_filled % LargeValue.ChunkBytes)..];

    /// <summary>So many bytes were written into <see cref="Room"/>.</summary>
    public void Filled(int count) => _filled += count;

    /// <summary>Copies what is there already; how much of it belongs to the argument.</summary>
    public int Take(ReadOnlySpan<byte> there)
    {
        var count = Math.Min(there.Length, length - _filled);
        _value!.Write(_filled, there[..count]);
        _filled += count;
        return count;
    }

    /// <summary>The whole value, whose reference is the caller's from now on.</summary>
    public LargeValue Finish()
    {
        var value = _value!;
        _value = null;
        return value;
    }

    public void Dispose()
    {
        _value?.Release();
        _value = null;
    }
}
