using System.Text;
using TierOperator.Policy.Explaining;
using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Explaining;

public class PolicyExplainerTests
{
    [Theory]
    [InlineData("eval:1", null)]
    [InlineData("chat:1", "status")]
    [InlineData("other", "x")]
    [InlineData("", null)]
    public void Explain_Anything_AgreesWithTheMatcher(string session, string? item)
    {
        var policy = PolicyLoader.Load(File.ReadAllBytes(Path.Combine(Repository.Documents, "good", "whole-language.yaml"))).Policy!;

        var explanation = PolicyExplainer.Explain(policy, session, item, null);

        var bytes = Encoding.UTF8.GetBytes(session);
        var expected = item is null ? policy.Matcher.MatchSession(bytes, null) : policy.Matcher.MatchItem(bytes, Encoding.UTF8.GetBytes(item), null);
        Assert.Same(expected, explanation.Rule);
        Assert.Equal(policy.Rules.Select(rule => rule.Name), explanation.Reasons.Select(reason => reason.Rule));
        Assert.Equal(expected.Name, Assert.Single(explanation.Reasons, reason => reason.Verdict == RuleVerdict.Taken).Rule);
    }
}
