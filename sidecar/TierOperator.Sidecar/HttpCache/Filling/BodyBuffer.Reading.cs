using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>How far a body has come.</summary>
internal enum BodyPhase { Coming, Whole, Broken }

/// <summary>What a reader finds at its place: bytes with what holds them, or a wait, or the end.</summary>
internal readonly record struct BodyPiece(BodyPhase Phase)
{
    public ReadOnlyMemory<byte> Bytes { get; init; }
    public LargeValue? Held { get; init; }

    /// <summary>Set where there is nothing yet.</summary>
    public Task? Wait { get; init; }

    /// <summary>Set where the bytes are on disk.</summary>
    public int? DiskChunk { get; init; }
}

internal sealed partial class BodyBuffer
{
    /// <summary>Joins at an offset. Null when that is gone.</summary>
    public BodyReader? Join(long offset)
    {
        lock (_gate)
        {
            if ((_freed && _length > _small.Length) || (!IsKept && (_firstHeld > 0 || offset > 0))) return null;
            var reader = new BodyReader(this, offset);
            _readers.Add(reader);
            return reader;
        }
    }

    /// <summary>The filler needs it no longer; it is freed with the last reader.</summary>
    public void Release()
    {
        bool isLeft;
        lock (_gate)
        {
            _released = true;
            isLeft = FreeIfUnused_NeedsLock();
        }

        if (isLeft) _ = store.ForgetBodyAsync(terms.DiskKey!);
    }

    /// <summary>What is on disk of it belongs to a stored response from now on.</summary>
    public void MarkStored()
    {
        lock (_gate) _isStored = true;
    }

    /// <summary>What is at a position. The caller releases what is held.</summary>
    internal BodyPiece PieceAt(long position)
    {
        lock (_gate)
        {
            if (position >= _length) return new BodyPiece(_phase) { Wait = _phase == BodyPhase.Coming ? Moved_NeedsLock() : null };
            if (position < _small.Length) return new BodyPiece(_phase) { Bytes = _small.AsMemory((int)position, (int)(Math.Min(_length, _small.Length) - position)) };
            var index = (int)(position / FoundResponse.ChunkBytes);
            if (_chunks[index] is not { } chunk) return new BodyPiece(_phase) { DiskChunk = index };
            chunk.AddReference();
            var at = (int)(position % FoundResponse.ChunkBytes);
            var bytes = chunk.Chunk(at / LargeValue.ChunkBytes)[(at % LargeValue.ChunkBytes)..];
            return new BodyPiece(_phase) { Bytes = bytes[..(int)Math.Min(bytes.Length, _length - position)], Held = chunk };
        }
    }

    internal async ValueTask<ItemValue?> ReadDiskAsync(int index, CancellationToken cancellationToken)
    {
        var read = await store.Engine.ReadAsync(terms.DiskKey!, FoundResponse.ChunkName(index), cancellationToken);
        return read.Status == ReadStatus.Found ? read.Value : null;
    }

    internal void Advance(BodyReader reader, long position)
    {
        lock (_gate)
        {
            reader.Position = position;
            if (!IsKept) Signal_NeedsLock();
        }
    }

    internal void Leave(BodyReader reader)
    {
        bool isLeft;
        lock (_gate)
        {
            _readers.Remove(reader);
            Signal_NeedsLock();
            isLeft = FreeIfUnused_NeedsLock();
        }

        if (isLeft) _ = store.ForgetBodyAsync(terms.DiskKey!);
    }

    private void Publish(int count)
    {
        lock (_gate)
        {
            _length += count;
            Signal_NeedsLock();
        }
    }

    private void Enter(BodyPhase phase)
    {
        lock (_gate)
        {
            _phase = phase;
            Signal_NeedsLock();
        }
    }

    /// <summary>True where something is left on disk that belongs to nothing.</summary>
    private bool FreeIfUnused_NeedsLock()
    {
        if (_freed || !_released || _readers.Count > 0) return false;
        _freed = true;
        foreach (var chunk in _chunks) chunk?.Release();
        _chunks.Clear();
        _lease?.Dispose();
        return IsOnDisk && !_isStored;
    }

    private void Signal_NeedsLock()
    {
        var moved = _moved;
        _moved = null;
        moved?.SetResult();
    }

    private Task Moved_NeedsLock() => (_moved ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
