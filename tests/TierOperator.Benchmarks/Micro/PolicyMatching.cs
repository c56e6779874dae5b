using BenchmarkDotNet.Attributes;
using TierOperator.Benchmarks.Processes;
using TierOperator.Policy;
using TierOperator.Policy.Compiled;

namespace TierOperator.Benchmarks.Micro;

/// <summary>Finding the rule of an item, which every request does, and reading a policy, which each reload does.</summary>
[MemoryDiagnoser]
public class PolicyMatching
{
    private const int Rules = 20;

    private readonly byte[] session = "tenant-19:user-000001"u8.ToArray();
    private readonly byte[] item = "value"u8.ToArray();
    private string yaml = "";
    private RuleMatcher matcher = null!;

    [GlobalSetup]
    public void Setup()
    {
        var rules = Enumerable.Range(0, Rules).Select(i => $$"""    - {name: tenant-{{i}}, match: {sessions: ["tenant-{{i}}:*"]}, tiers: [memory, spillover] }""");
        yaml = new BenchPolicy().ToYaml().Split("  rules:")[0] + "  rules:\n" + string.Join('\n', rules) + "\n";
        matcher = PolicyLoader.Load(yaml).Policy!.Matcher;
    }

    /// <summary>The last of twenty rules.</summary>
    [Benchmark]
    public CompiledRule MatchItem() => matcher.MatchItem(session, item, fields: null);

    [Benchmark]
    public CompiledPolicy LoadPolicy() => PolicyLoader.Load(yaml).Policy!;
}
