using System.Globalization;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>
/// Point-in-time copies of sessions under DATA/checkpoints, within the disk's capacity, published whole or not at all.
/// </summary>
/// <remarks>Thread-safe. One checkpoint is written at a time.</remarks>
public sealed partial class CheckpointStore : IDisposable
{
    public const string FolderName = "checkpoints";
    public const int DefaultKeep = 5;

    private readonly IDiskDoor _door;
    private readonly DiskBudget _budget;
    private readonly KeyRing? _keys;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Opens the folder, removes what an unfinished checkpoint left, and charges what is there.</summary>
    public CheckpointStore(string dataFolder, IDiskDoor door, DiskBudget budget, KeyRing? keys, TimeProvider time)
    {
        (_door, _budget, _keys, _time) = (door, budget, keys, time);
        _folder = Path.Combine(dataFolder, FolderName);
        door.CreateFolder(_folder);
        foreach (var entry in door.List(_folder))
        {
            if (entry.Name.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)) budget.Charge(DiskErrors.ToBlocks(entry.Length));
            else door.Delete(Path.Combine(_folder, entry.Name));
        }
    }

    /// <summary>
    /// Writes a checkpoint of the sessions and publishes it; then prunes to <paramref name="keep"/>. Each snapshot is
    /// released once it is written. Cancelled or failed, it leaves nothing.
    /// </summary>
    /// <exception cref="CheckpointException">It does not fit, or the disk failed.</exception>
    public async Task<CheckpointInfo> CreateAsync(
        IEnumerable<SessionSnapshot> sessions, CancellationToken cancellation,
        IProgress<CheckpointProgress>? progress = null, int keep = DefaultKeep)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var info = await Task.Run(() => WriteNew(sessions, progress, cancellation), cancellation);
            Prune(keep);
            return info;
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            throw new CheckpointException(CheckpointFault.Disk, $"The checkpoint could not be written: {error.Message} Look after the disk and try again.", error);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Newest first. Those that cannot be read are left out.</summary>
    public IReadOnlyList<CheckpointInfo> List()
    {
        var list = new List<CheckpointInfo>();
        foreach (var id in Ids())
        {
            try
            {
                using var reader = OpenFile(id);
                list.Add(reader.Info);
            }
            catch (CheckpointException)
            {
                // Opening it by name tells what is wrong with it.
            }
        }

        return [.. list.OrderByDescending(info => info.Id, StringComparer.Ordinal)];
    }

    /// <summary>Checks every byte, then gives a reader.</summary>
    /// <exception cref="CheckpointException">There is none, it is damaged, newer, or its key is missing.</exception>
    public CheckpointReader Open(string id)
    {
        var reader = OpenFile(id);
        try
        {
            reader.Verify();
            return reader;
        }
        catch (Exception error)
        {
            reader.Dispose();
            if (!DiskErrors.IsDiskError(error)) throw;
            throw new CheckpointException(CheckpointFault.Disk, $"The checkpoint '{id}' could not be read: {error.Message}", error);
        }
    }

    /// <summary>False when there is none of that id.</summary>
    public bool Delete(string id)
    {
        var entry = Entries().FirstOrDefault(file => file.Name == id + CheckpointFile.Extension);
        if (entry.Name is null) return false;
        _door.Delete(PathOf(id));
        _door.SyncFolder(_folder);
        _budget.Release(DiskErrors.ToBlocks(entry.Length));
        return true;
    }

    /// <summary>Deletes the oldest beyond the count.</summary>
    public void Prune(int keep)
    {
        foreach (var id in Ids().OrderDescending(StringComparer.Ordinal).Skip(Math.Max(1, keep)).ToList()) Delete(id);
    }

    public void Dispose() => _writing.Dispose();

    private CheckpointReader OpenFile(string id)
    {
        if (!Ids().Contains(id)) throw new CheckpointException(CheckpointFault.NotFound, $"There is no checkpoint '{id}'. See the list.");
        try
        {
            var file = _door.Open(PathOf(id), DiskOpen.Read);
            try
            {
                var block = new byte[CheckpointFile.HeaderBytes];
                var count = file.Read(block, 0);
                var header = CheckpointFile.Header.Read(block.AsSpan(0, count), id);
#pragma warning disable CA2000 // the reader owns the file and the cipher
                return new CheckpointReader(file, header, id, CipherOf(header, id));
#pragma warning restore CA2000
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            throw new CheckpointException(CheckpointFault.Disk, $"The checkpoint '{id}' could not be read: {error.Message}", error);
        }
    }

    private SegmentCipher? CipherOf(CheckpointFile.Header header, string id)
    {
        if (header.KeyId.Length == 0) return null;
        if (_keys is null || !_keys.TryGet(header.KeyId, out var key))
            throw new CheckpointException(CheckpointFault.KeyMissing, $"The checkpoint '{id}' is encrypted under the key '{header.KeyId}', which was not given. Add that key.");
        return new SegmentCipher(key, header.Id);
    }

    /// <summary>
    /// Ids sort by time: UTC to the millisecond, and later than every id there is, because pruning takes the lowest ones and a
    /// new checkpoint must never be among them.
    /// </summary>
    private string NextId()
    {
        var newest = Ids().Where(id => TryTime(id, out _)).Max(StringComparer.Ordinal);
        var now = _time.GetUtcNow();
        while (true)
        {
            var id = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
            if (string.CompareOrdinal(id, newest) > 0) return id;
            now = TryTime(newest!, out var last) && last > now ? last.AddMilliseconds(1) : now.AddMilliseconds(1);
        }
    }

    private static bool TryTime(string id, out DateTimeOffset time)
        => DateTimeOffset.TryParseExact(id, "yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private IEnumerable<DiskFileEntry> Entries() => _door.List(_folder).Where(file => file.Name.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal));

    private IEnumerable<string> Ids() => Entries().Select(file => file.Name[..^CheckpointFile.Extension.Length]);

    private string PathOf(string id) => Path.Combine(_folder, id + CheckpointFile.Extension);

    private void TryDelete(string path)
    {
        try
        {
            _door.Delete(path);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            // Removed at the next start.
        }
    }
}
