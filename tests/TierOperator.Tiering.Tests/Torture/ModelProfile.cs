using TierOperator.TestKit.Engine;
using TierOperator.TestKit.Model;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>A policy (or several, to reload among) together with what the oracle may expect under it.</summary>
public sealed record ModelProfile(string Name, IReadOnlyList<string> Specs)
{
    /// <summary>Memory alone, and little of it: sessions may be evicted for good, but only whole.</summary>
    public bool IsLossy { get; init; }

    public static readonly IReadOnlyList<ModelProfile> All =
    [
        new("mirror", [Spec("", "ack: Disk, promoteAfter: 1", "Mirror", "LRU")]),
        new("mirror-slow-promotion", [Spec("", "ack: Memory, promoteAfter: 3", "Mirror", "S3FIFO")]),
        new("overflow", [Spec("", "ack: Memory, promoteAfter: 1", "Overflow", "LFU")]),
        new("overflow-slow-promotion", [Spec("", "ack: Memory, promoteAfter: 3", "Overflow", "Adaptive")]),
        new("memory", ["tiers: {memory: {capacity: 64Mi, ttl: 6h}}"]),
        new("memory-tight", ["tiers: {memory: {capacity: 1Mi, ttl: 6h, eviction: Age}}"]) { IsLossy = true },
        new("reload", [
            Spec("", "ack: Disk, promoteAfter: 1", "Mirror", "LRU"),
            Spec("", "ack: Memory, promoteAfter: 3, ttl: {memory: 20m, spillover: 5h}", "Mirror", "Age"),
            Spec(", maxSessions: 3", "ack: Memory, promoteAfter: 1", "Overflow", "LFU"),
            Spec("", "ack: Disk, promoteAfter: 2, write: Around", "Mirror", "Adaptive"),
        ]),
    ];

    public bool HasDisk => Specs.All(spec => spec.Contains("spillover", StringComparison.Ordinal));

    public ModelTimes Times()
    {
        var deadlines = Specs.Select(spec => (long)EngineHarness.PolicyOf(spec).Rules[0].Deadline.TotalMilliseconds).ToList();
        return new ModelTimes(deadlines.Min(), deadlines.Max(), HasDisk ? Math.Max(1, deadlines.Max() / 8) : 0);
    }

    public OperationGenerator.Limits Limits() => new()
    {
        Deadline = TimeSpan.FromMilliseconds(Times().LongestMs),
        PolicyVariants = Specs.Count,
    };

    public override string ToString() => Name;

    private static string Spec(string memory, string rule, string mode, string eviction)
        => $"tiers: {{memory: {{capacity: 1Mi, ttl: 30m, eviction: {eviction}{memory}}}, spillover: {{capacity: 256Mi, ttl: 6h, mode: {mode}}}}}\n"
           + $"rules: [{{name: all, match: {{sessions: ['*']}}, {rule}}}]";
}
