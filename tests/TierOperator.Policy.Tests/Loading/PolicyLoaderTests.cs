using System.Text;
using TierOperator.Policy.Compiled;

namespace TierOperator.Policy.Tests.Loading;

public class PolicyLoaderTests
{
    private const string Smallest = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat}
        spec: {tiers: {memory: {}}}
        """;

    [Fact]
    public void Load_SmallestPolicy_HasEveryDefault()
    {
        var policy = PolicyLoader.Load(Smallest).Policy!;

        Assert.Equal("chat", policy.Name);
        Assert.Equal("default", policy.Namespace);
        Assert.Equal(64, policy.Revision.Length);
        Assert.Equal(new CompiledMemory(256 << 20, TimeSpan.FromHours(5), 0, 0, 90, 80, EvictionKind.Adaptive), policy.Memory);
        Assert.Null(policy.Spillover);
        Assert.Equal(TimeSpan.FromDays(7), policy.Tombstones);
        Assert.Equal(TierSet.Memory, policy.DeclaredTiers);
        var rule = Assert.Single(policy.Rules);
        Assert.Equal(("default", WriteMode.Through, AckLevel.Memory, TierFailure.Degrade), (rule.Name, rule.Write, rule.Ack, rule.OnTierFailure));
        Assert.Equal(TimeSpan.FromHours(5), rule.Deadline);
        Assert.Equal("CriticalOnly", rule.Strategy);
    }

    [Fact]
    public void Load_MemoryAndMirror_AcknowledgesOnDiskAndLivesAsLongAsTheDisk()
    {
        var policy = PolicyLoader.Load(Smallest.Replace("{memory: {}}", "{memory: {}, spillover: {}}", StringComparison.Ordinal)).Policy!;

        var rule = policy.Rules[^1];
        Assert.Equal(AckLevel.Disk, rule.Ack);
        Assert.Equal(TierSet.Memory | TierSet.Spillover, rule.Tiers);
        Assert.Equal((TimeSpan.FromHours(5), TimeSpan.FromDays(7), TimeSpan.FromDays(7)), (rule.MemoryTtl, rule.SpilloverTtl, rule.Deadline));
    }

    [Fact]
    public void Load_SeveralFaults_ReportsThemAllWithTheirPlaces()
    {
        var result = PolicyLoader.Load("""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {name: chat}
            spec:
              tiers:
                memory:
                  tll: 5h
                  capacity: 256MB
                  maxSessions: many
            """);

        Assert.Null(result.Policy);
        Assert.Equal(["TP0010 7:7 spec.tiers.memory.tll", "TP0015 8:17 spec.tiers.memory.capacity", "TP0011 9:20 spec.tiers.memory.maxSessions"],
            result.Faults.Select(fault => $"{fault.Code} {fault.Line}:{fault.Column} {fault.Path}"));
        Assert.Equal("did you mean `ttl`?", result.Faults[0].Help);
    }

    [Fact]
    public void Load_ItsOwnSnapshot_GivesTheSameSnapshot()
    {
        var first = PolicyLoader.Load(Smallest);

        var second = PolicyLoader.Load(first.Snapshot);

        Assert.Equal(Encoding.UTF8.GetString(first.Snapshot), Encoding.UTF8.GetString(second.Snapshot));
        Assert.Equal(first.Policy!.Revision, second.Policy!.Revision);
    }
}
