using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Disk;

/// <summary>One slice of the sessions: what is on disk (the table) and what is on its way there (the pending ones).</summary>
/// <remarks>
/// Both stand under one lock, so that a reader sees a batch in the one or in the other, never in neither and never
/// half. No reader holds the lock over a read of a value; the committer reads record headers under it.
/// </remarks>
internal sealed class IndexShard(NativeAccount account) : IDisposable
{
    public Lock Gate { get; } = new();
    public EntryTable Table { get; } = new(account);

    /// <summary>Operations not yet in the table, by session, oldest first.</summary>
    public Dictionary<Hash128, List<PendingOperation>> Pending { get; } = [];

    public RecentRecords Recent { get; } = new();

    public int Sessions { get; set; }

    public void Dispose()
    {
        lock (Gate)
        {
            Table.Dispose();
            Sessions = 0;
        }
    }
}
