namespace TierOperator.TestKit.Model;

/// <summary>Makes runs of operations from a seed.</summary>
public sealed class OperationGenerator(int seed, OperationGenerator.Limits limits)
{
    public const int Sessions = 8;
    public const int Items = 4;

    /// <summary>What a profile lets happen.</summary>
    public sealed record Limits
    {
        public int LargestValue { get; init; } = 200_000;
        public int PolicyVariants { get; init; } = 1;
        public bool MayRestart { get; init; } = true;

        /// <summary>The sliding deadline: the clock moves by parts of it.</summary>
        public required TimeSpan Deadline { get; init; }
    }

    private static readonly (ModelOperationKind Kind, int Weight)[] s_weights =
    [
        (ModelOperationKind.Put, 24), (ModelOperationKind.DeleteItem, 7), (ModelOperationKind.Replace, 5), (ModelOperationKind.Update, 6),
        (ModelOperationKind.Merge, 3), (ModelOperationKind.DeleteSession, 5), (ModelOperationKind.ReadItem, 18), (ModelOperationKind.ReadSession, 10),
        (ModelOperationKind.ReadMemory, 4), (ModelOperationKind.Describe, 3), (ModelOperationKind.Load, 4), (ModelOperationKind.Evict, 9),
        (ModelOperationKind.Touch, 4), (ModelOperationKind.AtomicBatch, 5), (ModelOperationKind.Advance, 9), (ModelOperationKind.SetBack, 1),
        (ModelOperationKind.Sweep, 5), (ModelOperationKind.Fill, 2), (ModelOperationKind.Reload, 3), (ModelOperationKind.Restart, 3),
    ];

    private readonly Random _random = new(seed);
    private int _values;

    public List<ModelOperation> Make(int count)
    {
        var operations = new List<ModelOperation>(count);
        while (operations.Count < count)
        {
            var kind = Kind();
            if (kind == ModelOperationKind.Reload && limits.PolicyVariants < 2) continue;
            if (kind == ModelOperationKind.Restart && !limits.MayRestart) continue;
            operations.Add(Fill(new ModelOperation(kind, _random.Next(Sessions), _random.Next(Items))));
        }

        return operations;
    }

    private ModelOperation Fill(ModelOperation operation) => operation.Kind switch
    {
        ModelOperationKind.Put => operation with { Changes = [Change(operation.Session, operation.Item) with { Condition = Condition() }], Ttl = Ttl() },
        ModelOperationKind.DeleteItem => operation with { Changes = [Change(operation.Session, operation.Item) with { Length = -1, Condition = Condition() }] },
        ModelOperationKind.Replace => operation with { Changes = Changes(operation.Session, mayDelete: false), Ttl = Ttl() },
        ModelOperationKind.Update or ModelOperationKind.Merge => operation with { Changes = Changes(operation.Session, mayDelete: true), Ttl = Ttl() },
        ModelOperationKind.AtomicBatch => operation with { Changes = Batch() },
        ModelOperationKind.Advance => operation with { By = Step() },
        ModelOperationKind.SetBack => operation with { By = Step() / 2 },
        ModelOperationKind.Fill => operation with { Changes = [Change(0, 0)] },
        ModelOperationKind.Reload => operation with { Variant = _random.Next(limits.PolicyVariants) },
        _ => operation,
    };

    private ModelOperationKind Kind()
    {
        var at = _random.Next(s_weights.Sum(entry => entry.Weight));
        foreach (var (kind, weight) in s_weights)
        {
            at -= weight;
            if (at < 0) return kind;
        }

        return ModelOperationKind.ReadItem;
    }

    private ModelChange Change(int session, int item) => new(session, item, ++_values, Length());

    private List<ModelChange> Changes(int session, bool mayDelete)
        => [.. Enumerable.Range(0, Items).Where(_ => _random.Next(2) == 0)
            .Select(item => Change(session, item)).Select(change => mayDelete && _random.Next(3) == 0 ? change with { Length = -1 } : change)];

    private List<ModelChange> Batch()
        => [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Change(_random.Next(Sessions), _random.Next(Items)))
            .Select(change => change with { Length = _random.Next(4) == 0 ? -1 : change.Length, Condition = _random.Next(4) == 0 ? Condition() : ModelCondition.None })
            .DistinctBy(change => (change.Session, change.Item))];

    private int Length() => _random.Next(12) switch
    {
        0 => 0,
        1 => limits.LargestValue,
        2 => Math.Min(limits.LargestValue, 64 * 1024 - _random.Next(2)),
        3 => Math.Min(limits.LargestValue, _random.Next(20_000, 90_000)),
        _ => _random.Next(1, 2_000),
    };

    private ModelCondition Condition() => _random.Next(3) > 0 ? ModelCondition.None : (ModelCondition)_random.Next(1, 5);

    private TimeSpan? Ttl() => _random.Next(6) > 0 ? null : limits.Deadline * (_random.Next(1, 10) / 10.0);

    /// <summary>Mostly small steps; now and then one near the deadline or past it.</summary>
    private TimeSpan Step() => limits.Deadline * _random.Next(6) switch
    {
        0 => 1.0,
        1 => 0.5 + (_random.NextDouble() / 2),
        2 => 0.125,
        3 => 0.13,
        _ => _random.NextDouble() / 10,
    };
}
