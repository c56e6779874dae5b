using TierOperator.Policy.Comparing;

namespace TierOperator.Policy.Tests.Comparing;

public class PolicyDiffTests
{
    private const string Local = "tiers: {memory: {}, spillover: {}}";

    [Theory]
    [InlineData("tiers: {memory: {ttl: 5h}, spillover: {volume: {emptyDir: {}}}}, rules: [], resp: {allowFlush: true}")]
    [InlineData("tiers: {spillover: {capacity: 4096Mi}, memory: {eviction: Adaptive}}, sync: {}")]
    public void Compare_OtherSpellingOfTheSame_FindsNothing(string other) => Assert.Empty(Compare(Local, other));

    [Theory]
    [InlineData(Local, "tiers: {memory: {capacity: 512Mi}, spillover: {}}", "spec.tiers.memory.capacity 256Mi -> 512Mi RestartBound")]
    [InlineData(Local, "tiers: {memory: {capacity: 128Mi}, spillover: {}}", "spec.tiers.memory.capacity 256Mi -> 128Mi Live")]
    [InlineData(Local, Local + ", sidecar: {ports: {api: 1}}", "spec.sidecar.ports.api 7070 -> 1 RestartBound")]
    [InlineData(Local, Local + ", sync: {batch: 5}", "spec.sync.batch 500 -> 5 Live")]
    [InlineData(Local, "tiers: {memory: {}, spillover: {mode: Overflow}}", "spec.tiers.spillover.mode Mirror -> Overflow Live; spec.rules[default].ack Disk -> Memory Live")]
    [InlineData(Local, Local + ", strategies: {Mine: {items: [a]}}", "spec.strategies[Mine]  -> {\"items\":[\"a\"]} Live")]
    [InlineData(Local + ", rules: [{name: a, match: {sessions: [x]}}, {name: b, match: {sessions: [y]}}]", Local + ", rules: [{name: b, match: {sessions: [y]}}, {name: a, match: {sessions: [x]}}]", "spec.rules (order) a, b, default -> b, a, default Live")]
    [InlineData(Local + ", rules: [{name: a, match: {sessions: [x]}, ttl: {memory: 1h}}]", Local + ", rules: [{name: a, match: {sessions: [x]}, ttl: {memory: 2h}}]", "spec.rules[a].ttl.memory 1h -> 2h Live")]
    public void Compare_Change_TellsOldNewAndEffect(string old, string @new, string expected) =>
        Assert.Equal(expected, string.Join("; ", Compare(old, @new).Select(change => $"{change.Path} {change.Old} -> {change.New} {change.Effect}")));

    private static IReadOnlyList<PolicyChange> Compare(string old, string @new) => PolicyDiff.Compare(Document(old), Document(@new));

    private static Policy.Documents.TierPolicyDocument Document(string spec)
    {
        var result = PolicyLoader.Load($"apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {{name: chat}}\nspec: {{{spec}}}");
        Assert.Empty(result.Faults);
        return result.Document!;
    }
}
