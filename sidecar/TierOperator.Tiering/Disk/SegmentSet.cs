using System.Globalization;

namespace TierOperator.Tiering.Disk;

/// <summary>The segments of one folder by slot, and their files: made, recycled, replaced, deleted, within the budget.</summary>
/// <remarks>Reads of the slots from any thread; changes under its own lock.</remarks>
internal sealed class SegmentSet(IDiskDoor door, string folder, DiskBudget budget, KeyRing? keys, long segmentBytes) : IDisposable
{
    public const string FilePrefix = "seg-";
    public const string FreePrefix = "free-";
    public const string Extension = ".dat";
    public const string TemporaryExtension = ".tmp";
    private const int MaxSpares = 2;

    private readonly Lock _gate = new();
    private readonly Stack<string> _spares = new();
    private volatile SegmentFile?[] _slots = new SegmentFile?[64];
    private long _lastEpoch;
    private long _liveBytes;
    private long _tombstoneBytes;
    private long _chargedBytes;
    private long _removals;
    private long _overheadBytes;

    public long SegmentBytes => segmentBytes;
    public string Folder => folder;
    public IDiskDoor Door => door;
    public DiskBudget Budget => budget;
    public int Spares { get { lock (_gate) return _spares.Count; } }

    public long LiveBytes => Interlocked.Read(ref _liveBytes);
    public long TombstoneBytes => Interlocked.Read(ref _tombstoneBytes);

    /// <summary>What the segments, their hints and the spares hold of the budget.</summary>
    public long ChargedBytes => Interlocked.Read(ref _chargedBytes);

    public void AddLive(int slot, long bytes)
    {
        if (Find(slot) is not { } segment) return;
        segment.AddLive(bytes);
        Interlocked.Add(ref _liveBytes, bytes);
    }

    public void AddTombstone(int slot, long bytes)
    {
        if (Find(slot) is not { } segment) return;
        segment.AddTombstone(bytes);
        Interlocked.Add(ref _tombstoneBytes, bytes);
    }

    /// <summary>What segments take beside their records: headers, the last block's rest, hints.</summary>
    public long OverheadBytes => Interlocked.Read(ref _overheadBytes);

    /// <summary>Notes that a segment has a hint of so many bytes, reserved already; 0 when it has none any more.</summary>
    public void SetHint(SegmentFile segment, long bytes)
    {
        Interlocked.Add(ref _overheadBytes, bytes - segment.HintBytes);
        segment.HintBytes = bytes;
    }

    /// <summary>Gives up one hint, for room is dearer than a quick start. False when there is none.</summary>
    public bool TryDropHint()
    {
        if (InOrder().Find(segment => segment.HintBytes > 0) is not { } segment) return false;
        TryDelete(HintFile.PathOf(this, segment.Header.Epoch));
        Charge(-segment.HintBytes);
        SetHint(segment, 0);
        return true;
    }

    public bool TryReserve(long bytes)
    {
        if (!budget.TryReserve(bytes)) return false;
        Interlocked.Add(ref _chargedBytes, bytes);
        return true;
    }

    /// <summary>Counts what is there already (or, negative, is there no more).</summary>
    public void Charge(long bytes)
    {
        budget.Charge(bytes);
        Interlocked.Add(ref _chargedBytes, bytes);
    }

    public SegmentFile? Find(int slot)
    {
        var slots = _slots;
        return slot < slots.Length ? Volatile.Read(ref slots[slot]) : null;
    }

    /// <summary>All segments in the order of the log.</summary>
    public List<SegmentFile> InOrder()
    {
        lock (_gate) return [.. _slots.OfType<SegmentFile>().OrderBy(segment => segment.Header.Order)];
    }

    public static string NameOf(long epoch)
        => string.Create(CultureInfo.InvariantCulture, $"{FilePrefix}{epoch:x16}{Extension}");

    /// <summary>The epoch in a file's name, -1 when it is not a segment's.</summary>
    public static long EpochOf(string name, string prefix = FilePrefix)
        => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(prefix.Length, name.Length - prefix.Length - Extension.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var epoch)
                ? epoch : -1;

    public string PathOf(string name) => Path.Combine(folder, name);

    public long NextEpoch() => Interlocked.Increment(ref _lastEpoch);

    public void RaiseEpoch(long seen) => _lastEpoch = Math.Max(_lastEpoch, seen);

    /// <summary>A fresh segment at the log's end, durable as a file, with its bytes reserved.</summary>
    /// <exception cref="NoRoomException">The budget has no room for it.</exception>
    public SegmentFile CreateActive(long bytes)
    {
        var epoch = NextEpoch();
        var path = PathOf(NameOf(epoch));
        if (bytes == segmentBytes && TryTakeSpare(out var spare)) return Recycle(spare, NewHeader(epoch), path);
        if (!TryReserve(bytes)) throw new NoRoomException("The disk capacity has no room for another segment.");
        try
        {
            var created = CreateFile(path, DiskOpen.Create, NewHeader(epoch), path);
            created.PreparedBytes = SegmentHeader.Bytes;
            created.ChargedBytes = bytes;
            door.SyncFolder(folder);
            return Add(created);
        }
        catch
        {
            TryDelete(path);
            Charge(-bytes);
            throw;
        }
    }

    public SegmentHeader NewHeader(long epoch)
        => new() { Epoch = epoch, Order = epoch, Id = SegmentHeader.NewId(), KeyId = keys?.CurrentId ?? "" };

    private SegmentFile Recycle(string spare, SegmentHeader header, string path)
    {
        try
        {
            var recycled = CreateFile(spare, DiskOpen.ReadWrite, header, path);
            recycled.PreparedBytes = segmentBytes;
            recycled.ChargedBytes = segmentBytes;
            door.Rename(spare, path);
            door.SyncFolder(folder);
            return Add(recycled);
        }
        catch
        {
            TryDelete(spare);
            TryDelete(path);
            Charge(-segmentBytes);
            throw;
        }
    }

    /// <summary>Opens a file with a header of its own; durable, but not yet under a slot.</summary>
    public SegmentFile CreateFile(string openPath, DiskOpen mode, SegmentHeader header, string finalPath)
    {
        var file = door.Open(openPath, mode);
        try
        {
            var block = new byte[SegmentHeader.Bytes];
            header.Write(block);
            file.Write(block, 0);
            file.Sync();
            return Wrap(file, header, finalPath);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

#pragma warning disable CA2000 // the segment owns the cipher
    public SegmentFile Wrap(IDiskFile file, SegmentHeader header, string path) => new(file, header, path, CipherOf(header));
#pragma warning restore CA2000

    private SegmentCipher? CipherOf(SegmentHeader header)
    {
        if (header.KeyId.Length == 0) return null;
        if (keys is null || !keys.TryGet(header.KeyId, out var key))
            throw new DiskStoreException(DiskStoreFault.KeyMissing,
                $"The data in '{folder}' is encrypted under the key '{header.KeyId}', which is not among the keys given. Add it; it may go when 'tier storage compact' has rewritten everything under the current one.");
        return new SegmentCipher(key, header.Id);
    }

    public SegmentFile Add(SegmentFile segment)
    {
        lock (_gate)
        {
            var slot = Array.IndexOf(_slots, null);
            if (slot < 0)
            {
                slot = _slots.Length;
                if (slot * 2 > Location.MaxSlots) throw new NoRoomException("The data folder holds as many segments as can be addressed.");
                var grown = new SegmentFile?[slot * 2];
                _slots.CopyTo(grown, 0);
                _slots = grown;
            }

            segment.Slot = slot;
            Interlocked.Add(ref _overheadBytes, SegmentHeader.Bytes + DiskErrors.BlockBytes);
            Volatile.Write(ref _slots[slot], segment);
            return segment;
        }
    }

    /// <summary>
    /// Takes a segment out that nothing in the index refers to; its file becomes a spare or goes. When that fails the
    /// segment stays, and is tried again.
    /// </summary>
    public void Remove(SegmentFile segment)
    {
        var recycle = segment.ChargedBytes == segmentBytes && segment.PreparedBytes == segmentBytes && Spares < MaxSpares
            && budget.FreeBytes >= 0;
        var spare = PathOf(FreePrefix + Path.GetFileName(segment.Path)[FilePrefix.Length..]);
        door.Delete(HintFile.PathOf(this, segment.Header.Epoch));
        if (recycle) door.Rename(segment.Path, spare);
        else door.Delete(segment.Path);
        door.SyncFolder(folder);
        Charge(-segment.HintBytes);
        SetHint(segment, 0);
        RemoveSlot(segment);
        if (recycle) AddSpare(spare);
        else Charge(-segment.ChargedBytes);
    }

    /// <summary>Slots freed since the start: a read that failed while this stood still has found damage, not a record that moved.</summary>
    public long Removals => Interlocked.Read(ref _removals);

    /// <summary>Frees the slot only.</summary>
    public void RemoveSlot(SegmentFile segment)
    {
        // First: who finds the slot empty finds that it has just been emptied.
        Interlocked.Increment(ref _removals);
        lock (_gate) Volatile.Write(ref _slots[segment.Slot], null);
        Interlocked.Add(ref _overheadBytes, -(SegmentHeader.Bytes + DiskErrors.BlockBytes));
        Interlocked.Add(ref _liveBytes, -segment.LiveBytes);
        Interlocked.Add(ref _tombstoneBytes, -segment.TombstoneBytes);
        segment.Dispose();
    }

    /// <summary>A whole file to be written over; its bytes are charged already.</summary>
    public void AddSpare(string path)
    {
        lock (_gate) _spares.Push(path);
    }

    /// <summary>Makes one spare of zeros ahead of its need, so that the committer need not. False when there is no room.</summary>
    public bool TryPrepareSpare()
    {
        if (Spares > 0 || !TryReserve(segmentBytes)) return false;
        var path = PathOf(FreePrefix + NameOf(NextEpoch())[FilePrefix.Length..]);
        try
        {
            using var file = door.Open(path, DiskOpen.Create);
            SegmentWriter.FillZeros(file, 0, segmentBytes);
            file.Sync();
            AddSpare(path);
            return true;
        }
        catch
        {
            TryDelete(path);
            Charge(-segmentBytes);
            throw;
        }
    }

    /// <summary>Gives the room of a spare back; false when there is none.</summary>
    public bool TryDropSpare()
    {
        if (!TryTakeSpare(out var spare)) return false;
        TryDelete(spare);
        Charge(-segmentBytes);
        return true;
    }

    public void Dispose()
    {
        foreach (var segment in InOrder()) segment.Dispose();
    }

    public void TryDelete(string path)
    {
        try
        {
            door.Delete(path);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            // What stays behind is removed at the next start.
        }
    }

    private bool TryTakeSpare(out string path)
    {
        lock (_gate) return _spares.TryPop(out path!);
    }
}
