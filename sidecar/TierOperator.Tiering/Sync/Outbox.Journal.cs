using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Sync;

/// <summary>Where the outbox stands in the journal: up to where the tier has everything, and from where it has to be read again.</summary>
internal sealed partial class Outbox
{
    /// <summary>What a restart goes on from. The end of the journal was asked for before.</summary>
    public ShadowMark MarkOf(JournalPosition end)
    {
        lock (_gate)
        {
            var position = Watermark_NeedsLock(end);
            if (!IsResending && Refills.Count == 0 && position == end) ResentBelow = ItemVersion.None;
            return new ShadowMark(position, ResentBelow);
        }
    }

    /// <summary>Where the last run left off, in the middle of giving back what the tier lost if need be.</summary>
    public void Resume(ShadowMark mark)
    {
        lock (_gate)
        {
            (_behindFrom, ResentBelow, _knowsRemovals) = (mark.Position, mark.ResentBelow, false);
            IsResending = ResentBelow != ItemVersion.None;
        }
    }

    /// <summary>Up to where the tier has everything: the oldest change that it is owed, or <paramref name="end"/>.</summary>
    private JournalPosition Watermark_NeedsLock(JournalPosition end)
    {
        var mark = (_behindFrom ?? _readingFrom) is { } behind ? JournalPosition.Earlier(behind, end) : end;
        foreach (var entry in _waiting.Values.Concat(_inFlight.Values))
            if (entry.Since is { } since) mark = JournalPosition.Earlier(mark, since);
        return Refills.Oldest is { } oldest ? JournalPosition.Earlier(mark, oldest) : mark;
    }

    /// <summary>From here on the journal is to be read again. The earlier of two places counts.</summary>
    public void FallBehind(JournalPosition from)
    {
        lock (_gate)
        {
            _behindFrom = JournalPosition.Earlier(_behindFrom, from);
            _readingFrom = null;
        }
    }

    /// <summary>
    /// The tier lost everything: all of the journal is to be read again, and what no journal has is to be noted, until <see cref="Told"/>.
    /// What was read before and waits goes, for what is sent to a tier that forgot is chosen otherwise.
    /// </summary>
    /// <returns>The number of this telling.</returns>
    public int BeginAgain(ItemVersion now, bool hasJournal)
    {
        lock (_gate)
        {
            _round++;
            _tellings++;
            if (!hasJournal) return _tellings;
            (IsResending, ResentBelow) = (true, now);
            (_behindFrom, _readingFrom) = (default(JournalPosition), null);
            foreach (var entry in _waiting.Values.Where(static entry => entry.IsInJournal).ToList())
            {
                _waiting.Remove(entry.Key);
                Count_NeedsLock(-entry.ValueBytes, -entry.EntryCost);
            }

            return _tellings;
        }
    }

    /// <summary>All that no journal has is noted.</summary>
    public void Told(int telling)
    {
        lock (_gate) _told = Math.Max(_told, telling);
    }

    /// <summary>False once another has begun, which tells all of it.</summary>
    public bool MustTell(int telling)
    {
        lock (_gate) return telling == _tellings;
    }

    /// <summary>How often it had to begin again. Whoever brings back what the tier lost asks first: what came before the last time is gone again.</summary>
    public int Round { get { lock (_gate) return _round; } }

    /// <summary>The tier has a session again that it lost, unless that was before the last time that it lost everything.</summary>
    public void Refilled(byte[] key, int round)
    {
        lock (_gate)
        {
            if (round == _round) Refills.Done(key);
            else Refills.Later(key);
        }
    }

    /// <summary>What there was no room for while the slower tier was away is read once more.</summary>
    public void ReadMissed()
    {
        lock (_gate)
        {
            if (Refills.TakeMissed() is not { } missed) return;
            IsResending = true;
            _behindFrom = JournalPosition.Earlier(_behindFrom ?? _readingFrom, missed);
            _readingFrom = null;
            _round++;
        }
    }

    /// <summary>From where the journal is to be read on, and in which round: what is read counts only while no other has begun.</summary>
    public bool MustReadOn(out JournalPosition from, out int round)
    {
        lock (_gate)
        {
            (from, round) = (_behindFrom ?? default, _round);
            return _behindFrom is not null;
        }
    }

    /// <summary>Whether entries take so little that a stretch of the journal may be read.</summary>
    public bool MayReadOn => EntryBytes < maxEntryBytes / 2;

    /// <summary>A stretch of the journal was noted with <see cref="NoteRead"/>; the next one begins here.</summary>
    public void ReadUpTo(JournalPosition next, int round)
    {
        lock (_gate)
        {
            if (round == _round) _behindFrom = next;
        }
    }

    /// <summary>The journal's end is reached: every change is noted as it happens. The watermark stays until <see cref="HasCaughtUp"/>.</summary>
    public void NoteFromNowOn(int round)
    {
        lock (_gate)
        {
            if (round == _round) (_readingFrom, _behindFrom) = (_behindFrom, null);
        }
    }

    public void HasCaughtUp(int round)
    {
        lock (_gate)
        {
            if (round == _round) (_readingFrom, IsResending, _knowsRemovals) = (null, false, true);
        }
    }

    /// <summary>The changes of a stretch of the journal, at one moment: half a batch is never sent.</summary>
    public void NoteRead(IEnumerable<OwedNote> notes, int round)
    {
        var read = notes.ToList(); // before the lock: whoever tells of them looks at the sessions, whose locks come first
        lock (_gate)
        {
            if (round != _round) return;
            foreach (var note in read) Take_NeedsLock(note);
        }
    }

    private bool MustStayBehind_NeedsLock(in OwedNote note)
    {
        // Removals are always at hand: a reader of the tier must know of them.
        // So is what a note carries: the journal does not have it.
        if (note.Since is not { } since || note.IsDelete || note.Removed.Count > 0 || note.Puts.Any(static put => put.Carried is not null)) return false;
        if (_behindFrom is not null) return !_waiting.ContainsKey(note.Key);
        if (_entryBytes < maxEntryBytes || _waiting.ContainsKey(note.Key)) return false;
        _behindFrom = since;
        return true;
    }
}
