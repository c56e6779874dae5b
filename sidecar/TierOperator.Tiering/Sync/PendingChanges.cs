using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>What a tier has yet to hear of one session, as a reader of that tier must know it. Immutable.</summary>
internal sealed class PendingChanges
{
    private static readonly Dictionary<byte[], ItemVersion> s_nothing = new(KeyComparer.Instance);

    public static readonly PendingChanges None = new(); // after what its own fields begin with

    private PendingChanges()
    {
    }

    public bool IsNone => ReferenceEquals(this, None);

    /// <summary>The session is deleted, and nothing was written since.</summary>
    public bool IsDelete { get; private init; }
    public ItemVersion Floor { get; private init; }

    /// <summary>All that is here of it is on its way, whatever its items.</summary>
    public bool IsWhole { get; private init; }
    public IReadOnlyDictionary<byte[], ItemVersion> Removed { get; private init; } = s_nothing;

    /// <summary>Every item that was changed.</summary>
    public IReadOnlySet<byte[]>? Items { get; private init; }

    /// <summary>What the tier says of an item is not to be believed any more.</summary>
    public bool Replaces(byte[] item) => IsDelete || Items?.Contains(item) == true;

    public static PendingChanges Of(OwedSession? sent, OwedSession? waiting)
    {
        var removed = new Dictionary<byte[], ItemVersion>(KeyComparer.Instance);
        var items = new HashSet<byte[]>(KeyComparer.Instance);
        foreach (var owed in new[] { sent, waiting })
        {
            foreach (var (item, change) in owed?.Items ?? new Dictionary<byte[], OwedItem>())
            {
                items.Add(item);
                if (change.IsRemoved) removed[item] = change.Version;
                else removed.Remove(item);
            }
        }

        var last = waiting ?? sent!;
        var floor = sent is not null && sent.Floor > last.Floor ? sent.Floor : last.Floor;
        return new PendingChanges { IsDelete = last.IsDelete, Floor = floor, Removed = removed, Items = items, IsWhole = last.IsWhole || sent?.IsWhole == true };
    }
}
