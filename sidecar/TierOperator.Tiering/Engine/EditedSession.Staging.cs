using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed unsafe partial class EditedSession
{
    private bool _existed;

    /// <summary>
    /// Stages an item. A large value's reference is taken over. The bytes of a small one stay as they are until the edit is done.
    /// </summary>
    public void Put(ReadOnlySpan<byte> item, ItemValue value)
    {
        if (LengthOf(item) < 0) Count++;
        Stage(item, value);
    }

    /// <summary>Stages the removal of an item; false when there is none.</summary>
    public bool Remove(ReadOnlySpan<byte> item)
    {
        if (LengthOf(item) < 0) return false;
        Stage(item, null);
        Count--;
        return true;
    }

    /// <summary>Stages that all of it goes, its deadline too.</summary>
    public void Clear()
    {
        ReleaseStaged();
        _isCleared = true;
        (Count, _deadlineMs, _isTimed, _kind) = (0, 0, true, 0);
    }

    /// <summary>Stages what the session is.</summary>
    public void Become(byte kind) => _kind = kind;

    /// <summary>Stages an absolute deadline; null takes it away.</summary>
    public void SetDeadline(long? deadlineMs) => (_deadlineMs, _isTimed) = (deadlineMs ?? 0, true);

    /// <summary>After the edit: it was changed.</summary>
    public bool IsWritten { get; internal set; }

    internal bool IsChanged => _isCleared || _isTimed || _staged.Count > 0;

    internal void Begin(ReadOnlyMemory<byte> key)
    {
        Key = key;
        (Hash, Plan, IsWritten, Owed) = (0, null, false, default);
        (DiskIsStale, IsCold, WasHere) = (false, false, null);
    }

    /// <summary>What the shared tiers answered: where a local tier has it now, the edit sees it there.</summary>
    internal void Bring(SessionSnapshot? found, bool wasHere)
    {
        Below?.Release();
        WasHere = wasHere;
        Below = wasHere ? null : found;
        if (wasHere) found?.Release();
    }

    internal void Aim(ulong hash, MemoryShard shard) => (Hash, _shard) = (hash, shard);

    /// <summary>Shows what is there, with nothing staged: an edit begins, or begins anew.</summary>
    internal void Bind(SessionRecord* record)
    {
        ReleaseStaged();
        _record = record;
        (_isCleared, _isTimed) = (false, false);
        (_kind, _deadlineMs, Count, LastAccessMs, Accesses, ReadBytes) = (0, 0, 0, 0, 0, 0);
        if (Below is { } below)
        {
            (_kind, Count, LastAccessMs, Accesses) = (below.Header.Kind, below.Items.Count, below.Header.LastAccessMs, below.Header.Accesses);
            _deadlineMs = below.Header.ExplicitDeadline ? below.Header.DeadlineMs : 0;
        }
        else if (record != null)
        {
            (_kind, Count, LastAccessMs, Accesses) = (record->Kind, record->ItemCount, record->LastAccessMs, record->Accesses);
            _deadlineMs = record->Flags.Has(SessionFlags.ExplicitDeadline) ? record->DeadlineMs : 0;
        }

        _existed = Below is not null || record != null;
    }

    /// <summary>What was staged, as one mutation; null when nothing comes of it.</summary>
    internal SessionMutation? ToMutation()
    {
        if (!IsChanged) return null;

        // The caller's bytes may be a connection's buffer, and what is on its way to other tiers keeps the id.
        var key = (ReadOnlyMemory<byte>)Key.ToArray();
        if (Count == 0) return _existed ? new SessionMutation(key) { Delete = true } : null;
        var puts = new List<ItemWrite>(_staged.Count);
        var deletes = new List<ReadOnlyMemory<byte>>();
        foreach (var (item, value) in _staged)
        {
            if (value is { } put) puts.Add(new ItemWrite(item, ContentTypes.Bytes, put));
            else if (!_isCleared) deletes.Add(item);
        }

        return new SessionMutation(key)
        {
            Puts = puts,
            Deletes = deletes,
            Replace = _isCleared && _existed,
            Kind = _kind,
            Options = new WriteOptions { DeadlineMs = _isTimed && _deadlineMs > 0 ? _deadlineMs : null, Persist = _isTimed && _deadlineMs == 0 },
        };
    }

    /// <summary>The values were taken over by memory, or are given back by their mutation.</summary>
    internal void HandOver() => _staged.Clear();

    /// <summary>The disk has dropped it meanwhile.</summary>
    internal void ForgetBelow()
    {
        Below?.Release();
        (Below, DiskIsStale, IsCold) = (null, true, false);
    }

    internal void Forget()
    {
        ReleaseStaged();
        Below?.Release();
        _record = null;
        (Below, Plan, _shard, Key) = (null, null, null, default);
    }

    private void Stage(ReadOnlySpan<byte> item, ItemValue? value)
    {
        var lookup = _staged.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(item, out var before)) before?.Release();
        lookup[item] = value;
    }

    private void ReleaseStaged()
    {
        if (_staged.Count == 0) return;
        foreach (var value in _staged.Values) value?.Release();
        _staged.Clear();
    }
}
