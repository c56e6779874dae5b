using FsCheck;
using FsCheck.Fluent;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Tests.Values;

public class DurationTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("250ms", 250)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("30m1h", 5_400_000)]
    [InlineData("1m1ms", 60_001)]
    [InlineData("1w", 604_800_000)]
    [InlineData("1y", 31_536_000_000)]
    [InlineData("007s", 7000)]
    public void TryParse_Duration_GivesItsMilliseconds(string text, long milliseconds)
    {
        Assert.Equal(ParseOutcome.Ok, Duration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.Milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("s")]
    [InlineData("1")]
    [InlineData("1.5h")]
    [InlineData("-1h")]
    [InlineData("+1h")]
    [InlineData("1h ")]
    [InlineData(" 1h")]
    [InlineData("1 h")]
    [InlineData("1H")]
    [InlineData("1us")]
    [InlineData("1h30")]
    [InlineData("1d2")]
    [InlineData("٣h")]
    public void TryParse_AnythingElse_IsMalformed(string text) =>
        Assert.Equal(ParseOutcome.Malformed, Duration.TryParse(text, out _));

    [Theory]
    [InlineData("1001y")]
    [InlineData("9223372036854775807ms")]
    [InlineData("99999999999999999999999999s")]
    [InlineData("999y999y")]
    public void TryParse_MoreThanTheLongest_Overflows(string text) =>
        Assert.Equal(ParseOutcome.Overflow, Duration.TryParse(text, out _));

    [Fact]
    public void TryParse_LongerThanAnyoneMeans_IsMalformed() =>
        Assert.Equal(ParseOutcome.Malformed, Duration.TryParse(new string('0', Duration.MostCharacters - 1) + "1s", out _));

    [Fact]
    public void ToString_AnyDuration_ReadsBackAsTheSame() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<long>(), number =>
        {
            var duration = new Duration(TimeSpan.FromMilliseconds(Math.Abs(number % 31_536_000_000_000)));
            return Duration.TryParse(duration.ToString(), out var again) == ParseOutcome.Ok && again == duration;
        }));

    [Fact]
    public void TryParse_PartsInAnyOrder_GiveTheirSum() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.ListOf(Gen.Zip(Gen.Choose(0, 100_000), Gen.Elements("ms", "s", "m", "h", "d", "w", "y"))).Where(parts => parts.Count > 0).Select(parts => parts.Take(4).ToArray()).ToArbitrary(), parts =>
        {
            var sum = parts.Sum(part => part.Item1 * (Int128Of(part.Item2)));
            var outcome = Duration.TryParse(string.Concat(parts.Select(part => $"{part.Item1}{part.Item2}")), out var duration);
            return sum <= Duration.Longest.Milliseconds
                ? outcome == ParseOutcome.Ok && duration.Milliseconds == sum
                : outcome == ParseOutcome.Overflow;
        }));

    private static long Int128Of(string unit) => unit switch
    {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => 31_536_000_000,
    };
}
