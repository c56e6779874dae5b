using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>A change that a tier will never take as it is. The values stay in the local tiers until somebody decides.</summary>
/// <param name="Tier">The tier that refused it.</param>
/// <param name="Session">The session's key.</param>
/// <param name="Items">The items that were to be sent.</param>
/// <param name="Reason">What the tier said.</param>
/// <param name="RefusedMs">When, Unix milliseconds.</param>
public sealed record DeadLetter(TierSet Tier, byte[] Session, IReadOnlyList<byte[]> Items, string Reason, long RefusedMs)
{
    /// <summary>Names it in calls: unique in this data folder.</summary>
    public long Id { get; init; }

    /// <summary>Of a session's deletion: the version up to which it is gone; none of any other change.</summary>
    public ulong DeletedStamp { get; init; }
    public uint DeletedNode { get; init; }

    internal ItemVersion Deleted => new(DeletedStamp, DeletedNode);
}

/// <summary>What tiers refused for good; kept in the data folder where there is one. Bounded: past its limit the oldest goes, counted.</summary>
/// <remarks>
/// Thread-safe. A letter is on disk before the place in the journal that it is about counts as settled (<see cref="Save"/>), and not before that: a tier that
/// refuses thousands costs no more than one that refuses a few.
/// </remarks>
internal sealed class DeadLetters
{
    internal const string FileName = "dead-letters.json";
    internal const int Limit = 10_000;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, DeadLetter> _letters = [];

    /// <summary>How many letters each session has.</summary>
    private readonly Dictionary<byte[], int> _sessions = new(KeyComparer.Instance);
    private readonly Lock _saving = new();
    private readonly IDiskDoor? _door;
    private readonly string? _folder;
    private long _lastId;
    private long _dropped;
    private bool _isChanged;

    public DeadLetters(IDiskDoor? door, string? folder)
    {
        (_door, _folder) = (door, folder);
        if (_folder is null || _door is null || !_door.List(_folder).Any(file => file.Name == FileName)) return;
        var path = Path.Combine(_folder, FileName);
        try
        {
            foreach (var letter in JsonSerializer.Deserialize<List<DeadLetter>>(DiskFile.ReadAll(_door, path)) ?? []) Keep_NeedsLock(letter);
        }
        catch (JsonException)
        {
            _door.Rename(path, DamagedFile = path + ".damaged");
        }
    }

    /// <summary>Where a list that could not be read was put aside; null for none.</summary>
    public string? DamagedFile { get; }

    public int Count { get { lock (_gate) return _letters.Count; } }

    /// <summary>Letters that were given up because there were too many.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DeadLetter> All { get { lock (_gate) return [.. _letters.Values]; } }

    public bool Concerns(byte[] session)
    {
        lock (_gate) return _sessions.ContainsKey(session);
    }

    public void Add(DeadLetter letter)
    {
        lock (_gate)
        {
            Keep_NeedsLock(letter with { Id = ++_lastId });
            _isChanged = true;
            if (_letters.Count <= Limit) return;
            Remove_NeedsLock(_letters.First().Value);
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Takes a letter out; null when there is none of that id.</summary>
    public DeadLetter? Take(long id)
    {
        DeadLetter? taken;
        lock (_gate)
        {
            if (!_letters.TryGetValue(id, out taken)) return null;
            Remove_NeedsLock(taken);
            _isChanged = true;
        }

        try
        {
            Save();
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            // The disk tier says so itself; the list is written once it can be.
        }

        return taken;
    }

    /// <summary>Writes the list down where it has changed.</summary>
    /// <exception cref="IOException">The disk did not take it: the list on disk is the older one.</exception>
    public void Save()
    {
        if (_folder is null || _door is null) return;
        lock (_saving)
        {
            List<DeadLetter> letters;
            lock (_gate)
            {
                if (!_isChanged) return;
                (letters, _isChanged) = ([.. _letters.Values], false);
            }

            try
            {
                DiskFile.Publish(_door, _folder, FileName, JsonSerializer.SerializeToUtf8Bytes(letters));
            }
            catch
            {
                lock (_gate) _isChanged = true;
                throw;
            }
        }
    }

    private void Remove_NeedsLock(DeadLetter letter)
    {
        _letters.Remove(letter.Id);
        if (--_sessions[letter.Session] == 0) _sessions.Remove(letter.Session);
    }

    private void Keep_NeedsLock(DeadLetter letter)
    {
        _letters[letter.Id] = letter;
        _sessions[letter.Session] = _sessions.GetValueOrDefault(letter.Session) + 1;
        _lastId = Math.Max(_lastId, letter.Id);
    }
}
