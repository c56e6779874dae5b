using System.Buffers;

namespace TierOperator.Resp;

/// <summary>
/// What has arrived and is not yet taken: one contiguous pooled array, which grows for a frame that does not fit and is given back
/// when it is empty again.
/// </summary>
/// <remarks>One owner, not thread-safe. Disposing gives the array back; spans and memories of it are void then.</remarks>
public sealed class RespBuffer(int initialBytes = 16 * 1024) : IDisposable
{
    private byte[] _bytes = [];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    /// <summary>The bytes held in the pool's array now: what an idle connection costs.</summary>
    public int ReservedBytes => _bytes.Length;
    public ReadOnlySpan<byte> Buffered => _bytes.AsSpan(_start, Length);
    public ReadOnlyMemory<byte> BufferedMemory => _bytes.AsMemory(_start, Length);

    /// <summary>
    /// Room for the next bytes, at least one. <paramref name="frameBytes"/> is how long the frame at the start is known to become,
    /// so that a long one is moved once and not at every doubling.
    /// </summary>
    public Memory<byte> Room(int frameBytes = 0)
    {
        var wanted = Math.Max(Math.Max(frameBytes, Length + 1), Math.Min(initialBytes, Length + initialBytes));
        if (_end == _bytes.Length || _start + (long)wanted > _bytes.Length) Move(wanted);
        return _bytes.AsMemory(_end);
    }

    /// <summary>So many bytes were written into <see cref="Room"/>.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>Takes bytes off the start. What they were stays readable until the next <see cref="Room"/>.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end) (_start, _end) = (0, 0);
    }

    /// <summary>Takes bytes out of the middle: what follows them moves up.</summary>
    public void Cut(int offset, int count)
    {
        var at = _start + offset;
        _bytes.AsSpan(at + count, _end - at - count).CopyTo(_bytes.AsSpan(at));
        _end -= count;
    }

    /// <summary>Gives the array back when nothing is in it: for connections that wait.</summary>
    public void Trim(int keepBytes = 0)
    {
        if (Length > 0 || _bytes.Length <= keepBytes) return;
        Replace([]);
    }

    /// <summary>Moves a small rest into a small array: for connections that wait in the middle of a frame.</summary>
    public void Shrink()
    {
        if (Length is 0 or > MostShrunk || _bytes.Length <= 4 * MostShrunk) return;
        var smaller = ArrayPool<byte>.Shared.Rent(2 * MostShrunk);
        Buffered.CopyTo(smaller);
        var length = Length;
        Replace(smaller);
        (_start, _end) = (0, length);
    }

    private const int MostShrunk = 1024;

    public void Dispose()
    {
        (_start, _end) = (0, 0);
        Replace([]);
    }

    private void Move(int wanted)
    {
        if (_bytes.Length >= wanted)
        {
            Buffered.CopyTo(_bytes);
        }
        else
        {
            // Doubling where the length is not known: the moves of a long frame then add up to no more than its length.
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max((long)wanted, 2L * Length), Array.MaxLength));
            Buffered.CopyTo(larger);
            var length = Length;
            Replace(larger);
            (_start, _end) = (0, length);
            return;
        }

        (_start, _end) = (0, Length);
    }

    private void Replace(byte[] other)
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = other;
    }
}
