using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Eviction;

/// <summary>
/// S3-FIFO, until shadow caches show that LRU or LFU would hit clearly more, and back again in the same way.
/// </summary>
/// <remarks>
/// (1) One policy is in charge and holds every slot. (2) From the first eviction on, a <see cref="ShadowContest"/> sees a
/// sample of all accesses. (3) When it has a winner, the next eviction first carries all slots over, in the order in
/// which the old policy would have given them up, with their touches; that takes time and, until it is done, the tables
/// of both policies. (4) Each switch is told to the owner, inside its own call of <see cref="TryEvict"/>.
/// </remarks>
internal sealed class AdaptivePolicy(Action<EvictionSwitch>? onSwitch) : IEvictionPolicy
{
    private const int TouchesToMain = 2;
    private const int RecentMisses = 256;

    private struct Resident
    {
        public uint Print;
        public byte Touches;
        public bool IsHeld;
    }

    private readonly SlotArray<Resident> _residents = new(default);
    private readonly uint[] _recentMisses = new uint[RecentMisses];
    private ShadowContest? _contest;
    private IEvictionPolicy _live = EvictionPolicies.Create(EvictionKind.S3FIFO);
    private EvictionKind _winner = EvictionKind.S3FIFO;
    private int _countAtRoundStart;
    private bool _isInRound;

    /// <summary>The policy in charge.</summary>
    public EvictionKind InCharge { get; private set; } = EvictionKind.S3FIFO;

    public int Count => _live.Count;

    public long OverheadBytes =>
        _live.OverheadBytes + _residents.Bytes + (_recentMisses.Length * (long)sizeof(uint)) + (_contest?.Bytes ?? 0);

    public void Add(int slot, ulong keyHash, long createdMs)
    {
        _live.Add(slot, keyHash, createdMs);
        _isInRound = false;
        _residents.Reach(slot);
        ref var resident = ref _residents[slot];
        var print = KeyPrint.Of(keyHash);
        var wasMissed = TakeMiss(print);
        if (!wasMissed && resident.Print == print)
        {
            resident.IsHeld = true;  // a victim that could not leave comes back: no access
            return;
        }

        resident = new Resident { Print = print, IsHeld = true };
        if (!wasMissed) Observe(print);
    }

    public void Touch(int slot)
    {
        if (slot >= _residents.Length || !_residents[slot].IsHeld) return;
        ref var resident = ref _residents[slot];
        if (resident.Touches < byte.MaxValue) resident.Touches++;
        _live.Touch(slot);
        Observe(resident.Print);
    }

    public void Miss(ulong keyHash)
    {
        var print = KeyPrint.Of(keyHash);
        _recentMisses[print % RecentMisses] = print;
        Observe(print);
    }

    public void Remove(int slot)
    {
        if (slot >= _residents.Length) return;
        _residents[slot] = default;
        _live.Remove(slot);
    }

    public bool TryEvict(out int slot)
    {
        _contest ??= new ShadowContest();
        if (!_isInRound) _countAtRoundStart = Count;
        _isInRound = true;
        if (_winner != InCharge) SwitchTo(_winner);
        if (!_live.TryEvict(out slot)) return false;
        _residents[slot].IsHeld = false;
        return true;
    }

    /// <summary>A miss and the load that it leads to are one access, counted at the miss.</summary>
    private bool TakeMiss(uint print)
    {
        ref var miss = ref _recentMisses[print % RecentMisses];
        if (miss != print) return false;
        miss = 0;
        return true;
    }

    /// <summary>
    /// While the cache fills after a large part of it was given up, nothing is evicted, and a shadow that evicts then
    /// shows nothing about the policies: it looks on and does not judge.
    /// </summary>
    private bool IsUnderPressure => Count >= _countAtRoundStart - (_countAtRoundStart / 4);

    private void Observe(uint print)
    {
        if (_contest is null || !_contest.IsSampled(print)) return;
        _winner = _contest.Observe(print, Count, InCharge, IsUnderPressure);
    }

    internal void SwitchTo(EvictionKind to)
    {
        var from = InCharge;
        var next = EvictionPolicies.Create(to);
        while (_live.TryEvict(out var slot)) CarryOver(next, slot);
        (_live, InCharge, _winner) = (next, to, to);
        onSwitch?.Invoke(new EvictionSwitch(from, to, _contest?.HitRatio(from) ?? 0, _contest?.HitRatio(to) ?? 0));
        _contest?.ClearLeads();
    }

    private void CarryOver(IEvictionPolicy next, int slot)
    {
        var resident = _residents[slot];
        if (next is LfuPolicy lfu) lfu.AddCounted(slot, resident.Touches + 1);
        else if (next is S3FifoPolicy s3) s3.AddTouched(slot, resident.Print, resident.Touches, resident.Touches >= TouchesToMain);
        else next.Add(slot, 0, 0);
    }
}
