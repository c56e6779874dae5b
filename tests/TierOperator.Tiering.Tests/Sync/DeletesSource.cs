using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A source of deletes, which need no bytes, with an empty journal.</summary>
internal abstract class DeletesSource : ISyncSource
{
    public virtual RemoteChange? Build(OwedSession owed, TierLink link) => new(owed.Key) { Floor = owed.Floor, Newest = owed.Newest };

    public virtual void OnSettled(OwedSession owed, TierLink link, RemoteResult result)
    {
    }

    public bool CanRefill => true;
    public virtual JournalStretch? ReadJournal(JournalPosition from) => null;
    public bool IsReconciled(OwedSession owed, TierLink link) => false;
    public ValueTask<bool> RefillAsync(byte[] key, TierLink link, CancellationToken cancellationToken) => new(true);
    public ValueTask FlushJournalAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    public IEnumerable<OwedNote> NotesOf(JournalStretch stretch, TierLink link) => [];

    public ValueTask<RemoteResult> ReconcileAsync(OwedSession owed, TierLink link, RemoteChange change, CancellationToken cancellationToken)
        => throw new InvalidOperationException("Nothing here is to be compared.");

    public virtual void OnRefused(OwedSession owed, TierLink link, RemoteChange? change, string reason) => throw new InvalidOperationException(reason);
}
