using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>A body on its way from an origin to any number of readers, each at its own pace, and to the store.</summary>
/// <remarks>
/// <para>1. The first 32 KiB go to one array. 2. What is longer goes to chunks of 512 KiB under a lease of the budget for
/// bodies in flight. 3. Past memory's share, full chunks go to disk and leave memory; readers that are behind read them
/// there. 4. Without a disk, or when it refuses, the body is no longer kept: a chunk leaves when the last reader is past
/// it, so the slowest sets the pace, nobody new may join, and with the last reader it ends. 5. What went to disk and was not stored in the
/// end is deleted there when nobody reads it any longer.</para>
/// <para>One writer; readers are thread-safe. Bytes once published are never changed.</para>
/// </remarks>
internal sealed partial class BodyBuffer(ResponseStore store, BodyTerms terms, long? expected)
{
    private readonly Lock _gate = new();
    private readonly List<LargeValue?> _chunks = [];
    private readonly List<BodyReader> _readers = [];
    private readonly byte[] _small = new byte[(int)Math.Min(expected ?? BodyTerms.LargestInline, BodyTerms.LargestInline)];
    // Only there while somebody waits: most bodies come in one piece.
    private TaskCompletionSource? _moved;
    private InFlightLease? _lease;
    private int _leased;
    private int _firstHeld;
    private long _length;
    private BodyPhase _phase;
    private bool _released;
    private bool _freed;
    private bool _isStored;

    /// <summary>True while every byte is somewhere, so that the whole can be stored.</summary>
    public bool IsKept { get; private set; } = true;

    /// <summary>True for a body that disk holds instead of memory.</summary>
    public bool IsOnDisk { get; private set; }

    /// <summary>How long it will be; null where nobody has said.</summary>
    public long? Expected => expected;

    public long Length => Interlocked.Read(ref _length);

    /// <summary>The whole of a body that is small.</summary>
    public ReadOnlyMemory<byte> Small => _small.AsMemory(0, (int)Length);

    public bool IsSmall => Length <= _small.Length;

    /// <summary>The chunks of a whole body that memory holds; valid until it is released.</summary>
    public IReadOnlyList<LargeValue> Chunks => IsSmall || IsOnDisk ? [] : [.. _chunks.Select(chunk => chunk!)];

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            var count = _length < _small.Length ? AppendSmall(data.Span) : await AppendChunkAsync(data, cancellationToken);
            data = data[count..];
        }
    }

    /// <summary>Nothing more comes: the last chunk is cut to its length, and goes to disk where the others are.</summary>
    public async ValueTask SealAsync(CancellationToken cancellationToken)
    {
        if (_chunks.Count == 0 || !IsKept) return;
        CutLast();
        if (IsOnDisk && !await ToDiskAsync(_chunks.Count - 1, cancellationToken)) IsKept = false;
    }

    /// <summary>Tells the readers that it is whole.</summary>
    public void Complete() => Enter(BodyPhase.Whole);

    public void Fail() => Enter(BodyPhase.Broken);

    private int AppendSmall(ReadOnlySpan<byte> data)
    {
        var count = (int)Math.Min(data.Length, _small.Length - _length);
        data[..count].CopyTo(_small.AsSpan((int)_length));
        Publish(count);
        return count;
    }

    private async ValueTask<int> AppendChunkAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var index = (int)(_length / FoundResponse.ChunkBytes);
        if (index >= _chunks.Count) await AddChunkAsync(index, cancellationToken);
        var at = (int)(_length % FoundResponse.ChunkBytes);
        var chunk = _chunks[index]!;
        var count = (int)Math.Min(data.Length, chunk.Length - at);
        chunk.Write(at, data.Span[..count]);
        Publish(count);
        if (at + count == FoundResponse.ChunkBytes) await CompleteChunkAsync(index, cancellationToken);
        return count;
    }

    private async ValueTask AddChunkAsync(int index, CancellationToken cancellationToken)
    {
        await LeaseAsync(cancellationToken);
        var left = (expected ?? long.MaxValue) - ((long)index * FoundResponse.ChunkBytes);
        var chunk = LargeValue.Allocate(Math.Clamp(left, 1, FoundResponse.ChunkBytes));
        if (index == 0) chunk.Write(0, _small);
        lock (_gate) _chunks.Add(chunk);
    }

    // Without room in the budget the body still passes: no longer kept, it holds two chunks at most.
    private async ValueTask LeaseAsync(CancellationToken cancellationToken)
    {
        if (!IsKept || _chunks.Count - _firstHeld < _leased) return;
        _lease ??= await store.Engine.TryLeaseAsync(0, cancellationToken);
        if (_lease is not null && _lease.TryGrow(FoundResponse.ChunkBytes)) _leased++;
        else await StopKeepingAsync(cancellationToken);
    }

    private async ValueTask CompleteChunkAsync(int index, CancellationToken cancellationToken)
    {
        if (!IsKept) await DropPassedAsync(cancellationToken);
        else if (IsOnDisk && !IsBeyond(terms.LargestOnDisk)) await KeepOnDiskAsync(index, cancellationToken);
        else if (IsOnDisk) await StopKeepingAsync(cancellationToken);
        else if (IsBeyond(terms.LargestInMemory))
        {
            IsOnDisk = terms.DiskKey is not null && !IsBeyond(terms.LargestOnDisk);
            if (!IsOnDisk) await StopKeepingAsync(cancellationToken);
            else for (var i = 0; i < _chunks.Count && IsKept; i++) await KeepOnDiskAsync(i, cancellationToken);
        }
    }

    private bool IsBeyond(long most) => Math.Max(_length, expected ?? 0) > most;

    private async ValueTask KeepOnDiskAsync(int index, CancellationToken cancellationToken)
    {
        if (!await ToDiskAsync(index, cancellationToken)) await StopKeepingAsync(cancellationToken);
    }

    private async ValueTask<bool> ToDiskAsync(int index, CancellationToken cancellationToken)
    {
        if (_chunks[index] is not { } chunk) return true;
        if (!await store.AppendAsync(terms.DiskKey!, index, chunk, terms.KeepFor, cancellationToken)) return false;
        lock (_gate)
        {
            _chunks[index] = null;
            while (_firstHeld < _chunks.Count && _chunks[_firstHeld] is null) _firstHeld++;
        }

        chunk.Release();
        return true;
    }

    private ValueTask StopKeepingAsync(CancellationToken cancellationToken)
    {
        lock (_gate) IsKept = false;
        return DropPassedAsync(cancellationToken);
    }

    /// <summary>Waits until every reader has passed all but the last two chunks, and drops those. Throws where nobody reads it: it may have no end.</summary>
    private async ValueTask DropPassedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_readers.Count == 0) throw new OperationCanceledException("Nobody reads this body, and it is not kept.");
                var slowest = _readers.Min(reader => reader.Position);
                while (_firstHeld < _chunks.Count - 1 && (long)(_firstHeld + 1) * FoundResponse.ChunkBytes <= slowest)
                {
                    _chunks[_firstHeld]?.Release();
                    _chunks[_firstHeld++] = null;
                }

                if (_chunks.Count - _firstHeld <= 2) return;
                moved = Moved_NeedsLock();
            }

            await moved.WaitAsync(cancellationToken);
        }
    }

    private void CutLast()
    {
        var used = (int)(_length - ((long)(_chunks.Count - 1) * FoundResponse.ChunkBytes));
        if (_chunks[^1] is not { } last || last.Length == used) return;
        var cut = LargeValue.Allocate(used);
        for (var at = 0; at < used; at += LargeValue.ChunkBytes)
        {
            var piece = last.Chunk(at / LargeValue.ChunkBytes).Span;
            cut.Write(at, piece[..Math.Min(piece.Length, used - at)]);
        }

        lock (_gate) _chunks[^1] = cut;
        last.Release();
    }
}
