using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Eviction;

public sealed class EvictionCostTests
{
    private const int Entries = 4_000;
    private static readonly Trace s_zipf = TraceGenerator.Zipf(400_000, 40_000, 0.8, 1);

    public static TheoryData<EvictionKind> Kinds() => [.. Enum.GetValues<EvictionKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Eviction_SteadyState_AllocatesNothing(EvictionKind kind)
    {
        var policy = EvictionPolicies.Create(kind);
        var slotOf = new int[s_zipf.DistinctKeys];
        Array.Fill(slotOf, -1);
        var keyOf = new int[Entries];
        var half = s_zipf.Length / 2;
        Replay(s_zipf.Requests[..half], policy, slotOf, keyOf);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Replay(s_zipf.Requests[half..], policy, slotOf, keyOf);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void OverheadBytes_AHundredThousandSlots_AreWhatWasAllocated(EvictionKind kind)
    {
        const int slots = 100_000;
        EvictionPolicies.Create(kind).Add(0, 1, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var policy = EvictionPolicies.Create(kind);
        for (var slot = 0; slot < slots; slot++) policy.Add(slot, Trace.HashOf(slot), slot);

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(policy.OverheadBytes, allocated * 0.98, allocated * 1.02);
        Assert.InRange(policy.OverheadBytes / slots, 4, 40);
    }

    /// <summary>With ghosts and shadows; the few tables that ghosts outgrew are garbage, and not counted.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void OverheadBytes_AfterEvictions_AreMostOfWhatWasAllocated(EvictionKind kind)
    {
        var slotOf = new int[s_zipf.DistinctKeys];
        var keyOf = new int[Entries];
        Array.Fill(slotOf, -1);
        Replay(s_zipf.Requests[..(2 * Entries)], EvictionPolicies.Create(kind), slotOf, keyOf); // what the first call of a method allocates is none of the policy's
        Array.Fill(slotOf, -1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var policy = EvictionPolicies.Create(kind);
        Replay(s_zipf.Requests, policy, slotOf, keyOf);

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(policy.OverheadBytes, allocated * 0.9, allocated);
    }

    private static void Replay(ReadOnlySpan<int> requests, IEvictionPolicy policy, int[] slotOf, int[] keyOf)
    {
        foreach (var key in requests)
        {
            if (slotOf[key] >= 0)
            {
                policy.Touch(slotOf[key]);
                continue;
            }

            policy.Miss(Trace.HashOf(key));
            var slot = policy.Count;
            if (slot == Entries && policy.TryEvict(out slot)) slotOf[keyOf[slot]] = -1;
            policy.Add(slot, Trace.HashOf(key), key);
            (slotOf[key], keyOf[slot]) = (slot, key);
        }
    }
}
