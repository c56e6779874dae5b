using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Tests.Eviction;

/// <summary>The evictions once more, in lists and scans: slow, and plain enough to be believed.</summary>
internal abstract class NaiveEviction
{
    /// <summary>In order of arrival or of use, oldest first.</summary>
    protected List<int> Order { get; } = [];

    public virtual int Count => Order.Count;

    public virtual void Add(int slot, ulong keyHash, long createdMs) => Order.Add(slot);

    public virtual void Touch(int slot)
    {
    }

    public virtual void Remove(int slot) => Order.Remove(slot);

    public abstract int Evict();

    public static NaiveEviction Create(EvictionKind kind) => kind switch
    {
        EvictionKind.LRU => new NaiveLru(),
        EvictionKind.LFU => new NaiveLfu(),
        EvictionKind.Age => new NaiveAge(),
        _ => new NaiveS3Fifo(),
    };
}

internal sealed class NaiveLru : NaiveEviction
{
    public override void Touch(int slot)
    {
        if (Order.Remove(slot)) Order.Add(slot);
    }

    public override int Evict()
    {
        var victim = Order[0];
        Order.RemoveAt(0);
        return victim;
    }
}

internal sealed class NaiveLfu : NaiveEviction
{
    private readonly Dictionary<int, int> _uses = [];

    public override void Add(int slot, ulong keyHash, long createdMs)
    {
        base.Add(slot, keyHash, createdMs);
        _uses[slot] = 1;
    }

    public override void Touch(int slot)
    {
        if (!Order.Remove(slot)) return;
        Order.Add(slot);
        _uses[slot]++;
    }

    public override int Evict()
    {
        var victim = Order.MinBy(slot => _uses[slot]);
        Order.Remove(victim);
        return victim;
    }
}

internal sealed class NaiveAge : NaiveEviction
{
    private readonly Dictionary<int, long> _created = [];

    public override void Add(int slot, ulong keyHash, long createdMs)
    {
        base.Add(slot, keyHash, createdMs);
        _created[slot] = createdMs;
    }

    public override int Evict()
    {
        var victim = Order.MinBy(slot => _created[slot]);
        Order.Remove(victim);
        return victim;
    }
}

internal sealed class NaiveS3Fifo : NaiveEviction
{
    private readonly List<int> _main = [];
    private readonly List<ulong> _gone = [];
    private readonly Dictionary<int, int> _touches = [];
    private readonly Dictionary<int, ulong> _keys = [];

    private List<int> Small => Order;

    public override int Count => Small.Count + _main.Count;

    private int Ghosts => Math.Max(1, Count - (Count / 10));

    public override void Add(int slot, ulong keyHash, long createdMs)
    {
        _keys[slot] = keyHash;
        _touches[slot] = 0;
        var ghost = _gone.LastIndexOf(keyHash);
        var isRecent = ghost >= 0 && _gone.Count - 1 - ghost < Ghosts;
        if (ghost >= 0) _gone[ghost] = 0;
        (isRecent ? _main : Small).Add(slot);
    }

    public override void Touch(int slot) => _touches[slot] = Math.Min(3, _touches.GetValueOrDefault(slot) + 1);

    public override void Remove(int slot)
    {
        Small.Remove(slot);
        _main.Remove(slot);
    }

    public override int Evict()
    {
        var share = Math.Max(1, Count / 10);
        while (true)
        {
            var isSmall = Small.Count >= share || _main.Count == 0;
            var queue = isSmall ? Small : _main;
            var slot = queue[0];
            queue.RemoveAt(0);
            if (isSmall && _touches[slot] < 2)
            {
                var again = _gone.LastIndexOf(_keys[slot]);
                if (again >= 0) _gone[again] = 0;
                _gone.Add(_keys[slot]);
                return slot;
            }

            if (!isSmall && _touches[slot] == 0) return slot;
            _touches[slot] = isSmall ? 0 : _touches[slot] - 1;
            _main.Add(slot);
        }
    }
}
