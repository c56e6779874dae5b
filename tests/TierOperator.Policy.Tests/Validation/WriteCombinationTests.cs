using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Validation;

namespace TierOperator.Policy.Tests.Validation;

public class WriteCombinationTests
{
    public static IEnumerable<(WriteMode Write, TierSet Tiers, SpilloverMode? Mode)> Plans =>
        from write in Enum.GetValues<WriteMode>()
        from bits in Enumerable.Range(1, 15)
        from mode in new SpilloverMode?[] { null, SpilloverMode.Mirror, SpilloverMode.Overflow }
        where mode is not null || !((TierSet)bits).HasFlag(TierSet.Spillover)
        select (write, (TierSet)bits, mode);

    [Fact]
    public void AckOf_EveryPlanThatAnyAckAllows_IsAllowed()
    {
        foreach (var (write, tiers, mode) in Plans)
        {
            var allowed = Enum.GetValues<AckLevel>().Where(ack => WriteCombination.Check(new WritePlan(write, ack, tiers, mode)) is null).ToList();
            var ack = RuleDefaults.AckOf(write, tiers, mode);

            Assert.True(allowed.Count == 0 || allowed.Contains(ack), $"{write} on {tiers} ({mode}) defaults to {ack}, which is refused; allowed would be {string.Join(", ", allowed)}");
        }
    }

    [Fact]
    public void Check_AllowedPlan_NeverWaitsForATierThatIsNotWritten()
    {
        foreach (var (write, tiers, mode) in Plans)
            foreach (var ack in Enum.GetValues<AckLevel>())
            {
                if (WriteCombination.Check(new WritePlan(write, ack, tiers, mode)) is not null) continue;
                var name = $"{write}, {ack} on {tiers} ({mode})";
                Assert.True(ack != AckLevel.Redis || tiers.HasFlag(TierSet.Redis), name);
                Assert.True(ack != AckLevel.Postgres || tiers.HasFlag(TierSet.Postgres), name);
                Assert.True(ack != AckLevel.Memory || (tiers.HasFlag(TierSet.Memory) && write != WriteMode.Around), name);
                Assert.True(ack != AckLevel.Disk || mode == SpilloverMode.Mirror, name);
                Assert.True(write != WriteMode.Behind || mode is not null, name);
                Assert.True(write != WriteMode.MemoryOnly || (tiers == TierSet.Memory && ack == AckLevel.Memory), name);
            }
    }
}
