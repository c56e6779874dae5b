using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Validation;

namespace TierOperator.Policy.Tests.Compiled;

public class GlobTests
{
    private static readonly Gen<string> s_patterns = Gen.ListOf(Gen.Elements('a', 'b', ':', '*', '*', '?')).Select(letters => new string([.. letters]));
    private static readonly Gen<string> s_texts = Gen.ListOf(Gen.Elements('a', 'b', ':')).Select(letters => new string([.. letters]));

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("chat:*", "chat:", true)]
    [InlineData("chat:*", "chat", false)]
    [InlineData("chat:*", "chat:a/b", true)]
    [InlineData("*:vip", "a:b:vip", true)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("exact", "exact", true)]
    [InlineData("exact", "exactly", false)]
    [InlineData("é*", "été", true)]
    public void IsMatch_PatternAndText_IsAsWritten(string pattern, string text, bool expected) =>
        Assert.Equal(expected, new Glob(pattern).IsMatch(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void IsMatch_AnyPatternAndText_AgreesWithARegularExpression() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000),
        Prop.ForAll(s_patterns.ToArbitrary(), s_texts.ToArbitrary(), (pattern, text) =>
        {
            var regex = "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "\\z";
            return new Glob(pattern).IsMatch(Encoding.UTF8.GetBytes(text)) == Regex.IsMatch(text, regex, RegexOptions.Singleline);
        }));

    [Fact]
    public void Covers_AnyTwoPatterns_IsTrueOnlyWhereAllThatTheNarrowTakesTheWideTakesToo() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000),
        Prop.ForAll(s_patterns.ToArbitrary(), s_patterns.ToArbitrary(), s_texts.ToArbitrary(), (wide, narrow, text) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            return !new GlobCover().Covers([wide], [narrow]) || !new Glob(narrow).IsMatch(bytes) || new Glob(wide).IsMatch(bytes);
        }));

    [Fact]
    public void IsMatch_ManyStars_EndsSoon()
    {
        var text = Encoding.UTF8.GetBytes(new string('a', 64 << 10));

        Assert.False(new Glob("*a*a*a*a*a*a*a*b").IsMatch(text));
    }
}
