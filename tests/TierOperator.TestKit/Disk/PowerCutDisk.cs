using TierOperator.Tiering.Disk;

namespace TierOperator.TestKit.Disk;

/// <summary>
/// A disk in memory that forgets, when its power is cut, everything that was not synced: bytes, lengths, names. Bytes
/// that were written and not synced may survive sector by sector, as a seed decides.
/// </summary>
public sealed class PowerCutDisk : IDiskDoor
{
    private const int SectorBytes = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Node> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node> _durableNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _locks = [];
    private int _calls;
    private bool _dead;

    /// <summary>The call at which the power goes, counted from 1; 0 is never.</summary>
    public int CutAtCall { get; set; }

    /// <summary>Called at the moment of the cut, for what else loses its power then. Must return at once.</summary>
    public Action? WhenCut { get; set; }

    /// <summary>Makes every sync do nothing. For showing that a test can fail, never for passing one.</summary>
    public bool IgnoreSyncs { get; set; }

    /// <summary>Refuses writes that would make the files larger than this in sum, as a full file system does.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Calls so far that change or sync something.</summary>
    public int Calls => _calls;

    /// <summary>The largest sum of file lengths so far.</summary>
    public long HighWaterBytes { get; private set; }

    /// <summary>The disk as it is after the cut. With a seed, some unsynced sectors have survived; without, none.</summary>
    public PowerCutDisk PowerOn(int? seed = null)
    {
        var random = seed is { } value ? new Random(value) : null;
        var next = new PowerCutDisk { CapacityBytes = CapacityBytes };
        lock (_gate)
        {
            foreach (var (name, node) in _durableNames)
            {
                var survivor = new Node(node.AfterCut(random));
                next._names[name] = survivor;
                next._durableNames[name] = survivor;
            }
        }

        return next;
    }

    /// <summary>Changes one bit of what is stored, as a failing disk does.</summary>
    public void FlipBit(string path, long offset, int bit)
    {
        lock (_gate) _names[path].Flip(offset, bit);
    }

    public void CreateFolder(string path) { }

    public IDisposable? TryLock(string path)
    {
        lock (_gate)
        {
            if (!_locks.Add(path)) return null;
            _names.TryAdd(path, new Node([]));
            return new Release(() => { lock (_gate) _locks.Remove(path); });
        }
    }

    public IDiskFile Open(string path, DiskOpen mode)
    {
        lock (_gate)
        {
            if (mode == DiskOpen.Create)
            {
                Step();
                var node = new Node([]);
                _names[path] = node;
                return new SimulatedFile(this, node);
            }

            if (_dead) throw Dead();
            if (!_names.TryGetValue(path, out var found)) throw new FileNotFoundException("There is no such file.", path);
            return new SimulatedFile(this, found);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Step();
            if (!_names.Remove(from, out var node)) throw new FileNotFoundException("There is no such file.", from);
            _names[to] = node;
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            Step();
            _names.Remove(path);
        }
    }

    public void SyncFolder(string path)
    {
        lock (_gate)
        {
            Step();
            if (IgnoreSyncs) return;
            foreach (var name in _durableNames.Keys.Where(name => Path.GetDirectoryName(name) == path).ToList()) _durableNames.Remove(name);
            foreach (var (name, node) in _names.Where(pair => Path.GetDirectoryName(pair.Key) == path)) _durableNames[name] = node;
        }
    }

    public IReadOnlyList<DiskFileEntry> List(string folder)
    {
        lock (_gate)
        {
            if (_dead) throw Dead();
            return [.. _names.Where(pair => Path.GetDirectoryName(pair.Key) == folder).Select(pair => new DiskFileEntry(Path.GetFileName(pair.Key), pair.Value.Length))];
        }
    }

    public long FreeBytes(string folder) => CapacityBytes == long.MaxValue ? long.MaxValue : CapacityBytes - Occupied();

    public long OccupiedBytes(string folder) => Occupied();

    private long Occupied()
    {
        lock (_gate) return _names.Values.Sum(node => DiskErrors.ToBlocks(node.Length));
    }

    private void Step()
    {
        if (!_dead && ++_calls == CutAtCall)
        {
            _dead = true;
            WhenCut?.Invoke();
        }

        if (_dead) throw Dead();
    }

    private void Grow(Node node, long length)
    {
        var occupied = Occupied() - DiskErrors.ToBlocks(node.Length) + DiskErrors.ToBlocks(Math.Max(node.Length, length));
        if (occupied > CapacityBytes) throw new IOException("No space left on device", DiskErrors.NoSpace);
        HighWaterBytes = Math.Max(HighWaterBytes, occupied);
    }

    private static IOException Dead() => new("The power is cut.", DiskErrors.InputOutput);

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    private sealed class SimulatedFile(PowerCutDisk disk, Node node) : IDiskFile
    {
        private bool _closed;

        public long Length => node.Length;

        public int Read(Span<byte> target, long offset)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (disk._dead) throw Dead();
                return node.Read(target, offset);
            }
        }

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            lock (disk._gate)
            {
                if (!disk._dead && disk._calls + 1 == disk.CutAtCall) node.Write(source[..(source.Length / 2)], offset);
                disk.Step();
                disk.Grow(node, offset + source.Length);
                node.Write(source, offset);
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                disk.Step();
                if (!disk.IgnoreSyncs) node.Sync();
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                disk.Step();
                node.SetLength(length);
            }
        }

        public void Dispose() => _closed = true;
    }

    /// <summary>A file's bytes as the program sees them, and as they would be after a cut.</summary>
    private sealed class Node(byte[] content)
    {
        private readonly HashSet<int> _dirty = [];
        private byte[] _now = content;
        private byte[] _durable = [.. content];

        public int Length { get; private set; } = content.Length;

        public int Read(Span<byte> target, long offset)
        {
            var count = (int)Math.Clamp(Length - offset, 0, target.Length);
            _now.AsSpan((int)Math.Min(offset, Length), count).CopyTo(target);
            return count;
        }

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            if (source.IsEmpty) return;
            var end = (int)offset + source.Length;
            if (end > _now.Length) Array.Resize(ref _now, Math.Max(end, _now.Length * 2));
            source.CopyTo(_now.AsSpan((int)offset));
            Length = Math.Max(Length, end);
            for (var sector = (int)offset / SectorBytes; sector <= (end - 1) / SectorBytes; sector++) _dirty.Add(sector);
        }

        public void SetLength(long length)
        {
            if (length > _now.Length) Array.Resize(ref _now, (int)length);
            if (length < Length) _now.AsSpan((int)length, Length - (int)length).Clear();
            Length = (int)length;
        }

        public void Sync()
        {
            _durable = _now[..Length];
            _dirty.Clear();
        }

        public byte[] AfterCut(Random? random)
        {
            if (random is null) return [.. _durable];
            var after = new byte[Math.Max(_durable.Length, Length)];
            _durable.CopyTo(after, 0);
            foreach (var sector in _dirty.Order().Where(sector => sector * SectorBytes < Length && random.Next(2) == 0))
                _now.AsSpan(sector * SectorBytes, Math.Min(SectorBytes, Length - (sector * SectorBytes))).CopyTo(after.AsSpan(sector * SectorBytes));
            return after;
        }

        public void Flip(long offset, int bit) => _now[offset] ^= (byte)(1 << bit);
    }
}
