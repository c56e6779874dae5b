namespace TierOperator.Tiering.Disk;

/// <summary>The batches that share one write and one sync, and those who wait for it.</summary>
internal sealed class CommitGroup
{
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<PendingBatch> Batches { get; } = [];
    public long LastTicket { get; private set; }
    public Task Decided => _decided.Task;

    public void Add(PendingBatch batch)
    {
        Batches.Add(batch);
        LastTicket = batch.Ticket;
    }

    /// <summary>Decided, and in the index.</summary>
    public Task Settled => _settled.Task;

    public void Decide() => _decided.TrySetResult();

    public void Settle() => _settled.TrySetResult();
}
