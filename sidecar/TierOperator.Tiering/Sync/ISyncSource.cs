using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>Where a sync loop takes the bytes from that it sends, and whom it tells what became of them.</summary>
internal interface ISyncSource
{
    /// <summary>
    /// Makes the change that brings a tier up to date. Null: nothing is left to send (it expired, or was superseded). The loop releases the values.
    /// </summary>
    /// <exception cref="IOException">The disk cannot say just now: ask again later.</exception>
    RemoteChange? Build(OwedSession owed, TierLink link);

    /// <summary>Whether the change is to be compared with what stands in the tier before it goes there: <see cref="ReconcileAsync"/>.</summary>
    bool IsReconciled(OwedSession owed, TierLink link);

    /// <summary>Applies a change where the tier holds nothing that its writer had not seen; else what the rule makes of both versions.</summary>
    ValueTask<RemoteResult> ReconcileAsync(OwedSession owed, TierLink link, RemoteChange change, CancellationToken cancellationToken);

    /// <summary>
    /// Brings a session back that the tier lost, from the slower tier that holds it. False: not now, one of them is away. Settled in the outbox by
    /// the source.
    /// </summary>
    ValueTask<bool> RefillAsync(byte[] key, TierLink link, CancellationToken cancellationToken);

    /// <summary>The slower tier is well: refills come to an end, and the journal may wait for them.</summary>
    bool CanRefill { get; }

    /// <summary>The tier has taken it, or had something newer.</summary>
    void OnSettled(OwedSession owed, TierLink link, RemoteResult result);

    /// <summary>The tier will never take it.</summary>
    void OnRefused(OwedSession owed, TierLink link, RemoteChange? change, string reason);

    /// <summary>The next stretch of the journal as notes for this tier; null at its end.</summary>
    JournalStretch? ReadJournal(JournalPosition from);

    /// <summary>Everything appended so far can be read when it returns.</summary>
    ValueTask FlushJournalAsync(CancellationToken cancellationToken);

    /// <summary>The notes for this tier that stand in a stretch.</summary>
    IEnumerable<OwedNote> NotesOf(JournalStretch stretch, TierLink link);
}
