using System.Text;
using TierOperator.Policy.Compiled;

namespace TierOperator.Policy.Tests.Compiled;

public class RuleMatcherTests
{
    private static readonly CompiledPolicy s_policy = PolicyLoader.Load("""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat}
        spec:
          tiers: {memory: {}, spillover: {}}
          rules:
            - {name: evaluations, match: {sessions: ["eval:*"]}}
            - {name: files, match: {sessions: ["chat:*"], items: ["file-*"]}}
            - {name: active, match: {sessions: ["chat:*"], where: [{field: status, operator: In, values: [active, idle]}, {field: count, operator: Gt, values: [10]}]}}
            - {name: absent, match: {sessions: ["chat:*"], where: [{field: closed, operator: DoesNotExist}, {field: status, operator: NotIn, values: [gone]}]}}
        """).Policy!;

    [Theory]
    [InlineData("eval:1", "x", "", "evaluations")]
    [InlineData("chat:1", "file-1", "", "files")]
    [InlineData("chat:1", "x", "status=active,count=11", "active")]
    [InlineData("chat:1", "x", "status=active,count=10", "absent")]
    [InlineData("chat:1", "x", "status=active,count=many", "absent")]
    [InlineData("chat:1", "x", "status=gone", "default")]
    [InlineData("chat:1", "x", "closed=true", "default")]
    [InlineData("other", "x", "", "default")]
    public void MatchItem_SessionItemAndFields_TakesTheFirstThatFits(string session, string item, string fields, string expected) =>
        Assert.Equal(expected, s_policy.Matcher.MatchItem(Encoding.UTF8.GetBytes(session), Encoding.UTF8.GetBytes(item), new Fields(fields)).Name);

    [Fact]
    public void MatchSession_RuleThatNarrowsItems_IsPassedOver() =>
        Assert.Equal("absent", s_policy.Matcher.MatchSession("chat:1"u8, new Fields("")).Name);

    [Fact]
    public void MatchItem_WithoutFields_PassesRulesWithConditionsOver() =>
        Assert.Equal("default", s_policy.Matcher.MatchItem("chat:1"u8, "x"u8, null).Name);

    [Theory]
    [InlineData("chat:1", true)]
    [InlineData("eval:1", false)]
    [InlineData("other", false)]
    public void NeedsFields_Session_IsTrueWhereAConditionCouldDecide(string session, bool expected) =>
        Assert.Equal(expected, s_policy.Matcher.NeedsFields(Encoding.UTF8.GetBytes(session)));

    [Fact]
    public void Match_AnySession_AllocatesNothing()
    {
        var fields = new Fields("status=active,count=11");
        Run(fields);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(fields);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Run(Fields fields)
    {
        for (var round = 0; round < 1000; round++)
        {
            s_policy.Matcher.MatchItem("chat:1"u8, "x"u8, fields);
            s_policy.Matcher.MatchSession("eval:1"u8, fields);
            s_policy.Matcher.NeedsFields("other"u8);
        }
    }

    private sealed class Fields(string text) : ISessionFields
    {
        private readonly Dictionary<string, string> _fields = text.Split(',', StringSplitOptions.RemoveEmptyEntries).ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=')[1]);

        public bool TryGetField(string path, out string value) => _fields.TryGetValue(path, out value!);
    }
}
