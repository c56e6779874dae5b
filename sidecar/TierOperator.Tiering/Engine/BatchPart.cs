using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>The operations of a batch on one session.</summary>
internal sealed class BatchPart(byte[] key, ulong hash, List<BatchOperation> operations)
{
    public TierEngine.Prepared Prepared;
    public OwedWaits Owed;
    private readonly HashSet<byte[]> _existed = new(KeyComparer.Instance);

    public byte[] Key => key;
    public ulong Hash => hash;
    public List<BatchOperation> Operations => operations;
    public ColdSession? Cold { get; set; }
    public bool DiskIsStale { get; set; }
    public bool TookValues { get; set; }
    public SessionPlan? Planned { get; private set; }
    public WriteOutcome? Refusal { get; private set; }

    /// <summary>What the shared tiers made of it.</summary>
    public WriteOutcome? Shared { get; set; }

    public void Plan(WritePlanner planner, RuleTable rules, PresentSession present, long nowMs)
    {
        Refusal = null;
        _existed.Clear();
        var puts = new Dictionary<byte[], ItemWrite>(KeyComparer.Instance);
        var deletes = new HashSet<byte[]>(KeyComparer.Instance);
        foreach (var operation in operations)
        {
            var version = present.VersionOf(operation.Item);
            if (version is not null) _existed.Add(operation.Item);
            if (!operation.Options.Condition.Allows(version))
                Refusal = new WriteOutcome(WriteStatus.PreconditionFailed) { Detail = "A precondition of the atomic batch does not hold; nothing was written." };
            if (operation.Kind == BatchKind.Put) (puts[operation.Item], _) = (new ItemWrite(operation.Item, operation.ContentType, operation.Value), deletes.Remove(operation.Item));
            else (_, _) = (puts.Remove(operation.Item), deletes.Add(operation.Item));
        }

        var mutation = new SessionMutation(key)
        {
            Puts = [.. puts.Values],
            Deletes = [.. deletes.Select(item => (ReadOnlyMemory<byte>)item)],
            Options = operations[0].Options with { Condition = default },
        };
        Planned = planner.Plan(rules, present, mutation, nowMs);
    }

    /// <summary>Memory took the last value of each item; earlier ones of the same item are nobody's.</summary>
    public void ReleaseOverwritten()
    {
        var last = new HashSet<byte[]>(KeyComparer.Instance);
        for (var i = operations.Count - 1; i >= 0; i--)
            if (!last.Add(operations[i].Item)) operations[i].Value.Release();
    }

    public WriteOutcome OutcomeOf(BatchOperation operation)
    {
        var existed = _existed.Contains(operation.Item);
        var status = operation.Kind == BatchKind.Delete && !existed ? WriteStatus.NotFound
            : existed ? WriteStatus.Replaced : WriteStatus.Created;
        var outcome = new WriteOutcome(status) { Version = Planned!.Version, Rule = Planned.Rule!.Rule };
        if (Shared is not { } shared) return outcome;
        if (shared.Status is WriteStatus.Accepted or WriteStatus.Unavailable) return shared;
        return outcome with { Acked = shared.Acked, Pending = shared.Pending };
    }
}
