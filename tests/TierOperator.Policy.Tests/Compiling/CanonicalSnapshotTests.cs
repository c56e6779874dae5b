using System.Text;
using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Compiling;

public class CanonicalSnapshotTests
{
    private const string Plain = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat}
        spec:
          tiers:
            memory: {capacity: 256Mi, ttl: 90m}
            spillover: {}
          rules:
            - {name: a, match: {sessions: ["b*", "a*"]}, tiers: [spillover, memory]}
            - {name: b, match: {where: [{field: done, operator: In, values: [true]}]}}
        """;

    [Theory]
    [InlineData("order, comments and spelling", """
        # a comment
        kind: "TierPolicy"
        spec:
          rules:
          - tiers:
            - memory
            - spillover
            match: {"sessions": ["a*", "b*"]}
            name: a
          - name: b
            match: {where: [{values: ["true"], operator: In, field: done}]}
          tiers: {spillover: {}, memory: {ttl: 1h30m, capacity: 268435456}}
        apiVersion: tieroperator.io/v1alpha1
        metadata: {name: chat, namespace: default, labels: {a: b}, resourceVersion: "5"}
        status: {revision: abc}
        """)]
    [InlineData("JSON", """
        {"apiVersion":"tieroperator.io/v1alpha1","kind":"TierPolicy","metadata":{"name":"chat"},"spec":{"tiers":{"memory":{"capacity":"0.25Gi","ttl":"5400s"},"spillover":{}},
        "rules":[{"name":"a","match":{"sessions":["a*","b*"]},"tiers":["memory","spillover"]},{"name":"b","match":{"where":[{"field":"done","operator":"In","values":[true]}]}}]}}
        """)]
    public void Write_SameMeaning_GivesTheSameBytes(string how, string other)
    {
        var (first, second) = (PolicyLoader.Load(Plain), PolicyLoader.Load(other));

        Assert.Empty(second.Faults);
        Assert.True(Encoding.UTF8.GetString(first.Snapshot) == Encoding.UTF8.GetString(second.Snapshot), how);
        Assert.Equal(first.Policy!.Revision, second.Policy!.Revision);
    }

    [Theory]
    [InlineData("ttl: 90m", "ttl: 91m")]
    [InlineData("name: chat", "name: shop")]
    [InlineData("[true]", "[false]")]
    [InlineData("spillover: {}", "spillover: {mode: Overflow}")]
    public void Write_OtherMeaning_GivesAnotherRevision(string from, string to) =>
        Assert.NotEqual(PolicyLoader.Load(Plain).Policy!.Revision, PolicyLoader.Load(Plain.Replace(from, to, StringComparison.Ordinal)).Policy!.Revision);

    [Fact]
    public void Write_OrderOfRules_Matters()
    {
        var swapped = Plain.Replace("name: a,", "name: c,", StringComparison.Ordinal).Replace("name: b,", "name: a,", StringComparison.Ordinal).Replace("name: c,", "name: b,", StringComparison.Ordinal);

        Assert.NotEqual(PolicyLoader.Load(Plain).Policy!.Revision, PolicyLoader.Load(swapped).Policy!.Revision);
    }

    [Fact]
    public void Write_EveryGoodDocument_ReadsBackAsItself()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Documents, "good"), "*.yaml"))
        {
            var first = PolicyLoader.Load(File.ReadAllBytes(file));
            var second = PolicyLoader.Load(first.Snapshot);

            Assert.Empty(second.Faults);
            Assert.Equal(Encoding.UTF8.GetString(first.Snapshot), Encoding.UTF8.GetString(second.Snapshot));
        }
    }

    [Fact]
    public void Write_TextsBeyondTheBasicPlane_ReadBackAsThemselves()
    {
        var first = PolicyLoader.Load(Plain.Replace("\"a*\"", "\"\\U0001F600\\u2028\\\"\\\\é*\"", StringComparison.Ordinal));
        var second = PolicyLoader.Load(first.Snapshot);

        Assert.Empty(second.Faults);
        Assert.Equal(first.Policy!.Revision, second.Policy!.Revision);
        Assert.Contains("\U0001F600\u2028\"\\é*", second.Document!.Spec!.Rules![0].Match!.Sessions!);
    }

    /// <summary>Revisions are compared across versions of this program: the form of the bytes is a contract.</summary>
    [Fact]
    public void Write_KnownDocument_HasTheBytesThatItAlwaysHad() =>
        Repository.AssertGolden(Path.Combine(Repository.Root, "tests", "TierOperator.Policy.Tests", "Compiling", "snapshot.golden.json"), Encoding.UTF8.GetString(PolicyLoader.Load(Plain).Snapshot) + "\n");
}
