namespace TierOperator.TestKit.Model;

public enum ModelOperationKind
{
    Put, DeleteItem, Replace, Update, Merge, DeleteSession, ReadItem, ReadSession, ReadMemory, Describe, Load, Evict, Touch, AtomicBatch,
    Advance, SetBack, Sweep, Fill, Reload, Restart,
}

public enum ModelCondition { None, RightVersion, WrongVersion, MustNotExist, MustExist }

/// <summary>One write of an item; a length below zero deletes it.</summary>
public sealed record ModelChange(int Session, int Item, int ValueId, int Length, ModelCondition Condition = ModelCondition.None)
{
    public bool IsDelete => Length < 0;
    public ModelValue Value => new(ValueId, Length);
    public override string ToString() => $"s{Session}/i{Item}{(IsDelete ? " delete" : $" = #{ValueId}[{Length}]")}{(Condition == ModelCondition.None ? "" : $" if {Condition}")}";
}

/// <summary>A step of a run, decided before the run: what depends on the state is looked up when it is done.</summary>
public sealed record ModelOperation(ModelOperationKind Kind, int Session = 0, int Item = 0)
{
    public IReadOnlyList<ModelChange> Changes { get; init; } = [];
    public TimeSpan? Ttl { get; init; }
    public TimeSpan By { get; init; }
    public int Variant { get; init; }

    public override string ToString()
        => $"{Kind} s{Session}/i{Item} {string.Join("; ", Changes)}{(Ttl is { } ttl ? $" ttl {ttl}" : "")}{(By == default ? "" : $" by {By}")}{(Kind == ModelOperationKind.Reload ? $" variant {Variant}" : "")}";
}
