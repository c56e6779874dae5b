namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// Several operations in one call. Plain: each by itself, in order. Atomic: writes only, to any sessions; all
    /// happen at one moment and stand in one journal record, or none does.
    /// </summary>
    public async ValueTask<IReadOnlyList<BatchOutcome>> BatchAsync(
        IReadOnlyList<BatchOperation> operations, bool atomic, CancellationToken cancellationToken)
    {
        if (atomic) return await AtomicBatchAsync(operations, cancellationToken);
        var outcomes = new List<BatchOutcome>(operations.Count);
        foreach (var operation in operations) outcomes.Add(await RunAsync(operation, cancellationToken));
        return outcomes;
    }

    private async ValueTask<BatchOutcome> RunAsync(BatchOperation operation, CancellationToken cancellationToken) => operation.Kind switch
    {
        BatchKind.Get => new BatchOutcome(await ReadAsync(operation.Session, operation.Item, cancellationToken), null),
        BatchKind.Put => new BatchOutcome(null, await PutAsync(
            operation.Session, new ItemWrite(operation.Item, operation.ContentType, operation.Value), operation.Options, cancellationToken)),
        _ => new BatchOutcome(null, await DeleteItemAsync(operation.Session, operation.Item, operation.Options, cancellationToken)),
    };
}
