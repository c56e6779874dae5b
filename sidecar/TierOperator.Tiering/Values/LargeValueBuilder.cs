namespace TierOperator.Tiering.Values;

/// <summary>
/// Makes a <see cref="LargeValue"/> whose length is not known before its end: chunks are added as they fill, so nothing is
/// copied twice. One maker, not thread-safe. Disposing frees what was not built.
/// </summary>
public sealed class LargeValueBuilder : IDisposable
{
    private readonly List<LargeValue.NativeChunk> _chunks = [];
    private int _usedOfLast = LargeValue.ChunkBytes;

    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            if (_usedOfLast == LargeValue.ChunkBytes)
            {
                _chunks.Add(new LargeValue.NativeChunk(LargeValue.ChunkBytes));
                _usedOfLast = 0;
            }

            var target = _chunks[^1].GetSpan()[_usedOfLast..];
            var count = Math.Min(target.Length, source.Length);
            source[..count].CopyTo(target);
            source = source[count..];
            _usedOfLast += count;
            Length += count;
        }
    }

    /// <summary>Hands the bytes on; the builder is empty afterwards.</summary>
    public LargeValue Build()
    {
        if (_chunks.Count > 0 && _usedOfLast < LargeValue.ChunkBytes) _chunks[^1].Shrink(_usedOfLast);
        var built = new LargeValue(Length, [.. _chunks]);
        _chunks.Clear();
        (Length, _usedOfLast) = (0, LargeValue.ChunkBytes);
        return built;
    }

    public void Dispose()
    {
        foreach (var chunk in _chunks) chunk.Free();
        _chunks.Clear();
    }
}
