using FsCheck;
using FsCheck.Fluent;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Tests.Values;

public class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("256Mi", 268_435_456)]
    [InlineData("1.5Gi", 1_610_612_736)]
    [InlineData("1k", 1000)]
    [InlineData("1.5G", 1_500_000_000)]
    [InlineData("1e3", 1000)]
    [InlineData("12E-1", -1)]
    [InlineData("120e-1", 12)]
    [InlineData(".5Ki", 512)]
    [InlineData("5.Ki", 5120)]
    [InlineData("7Ei", 8_070_450_532_247_928_832)]
    [InlineData("1E", 1_000_000_000_000_000_000)]
    [InlineData("0.000", 0)]
    [InlineData("0e99", 0)]
    public void TryParse_Quantity_GivesItsBytesIfTheyAreWhole(string text, long bytes)
    {
        var outcome = Quantity.TryParse(text, out var quantity);

        Assert.Equal(bytes < 0 ? ParseOutcome.Malformed : ParseOutcome.Ok, outcome);
        Assert.Equal(Math.Max(0, bytes), quantity.Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1 Gi")]
    [InlineData("1GB")]
    [InlineData("1gi")]
    [InlineData("1K")]
    [InlineData("100m")]
    [InlineData("0.5")]
    [InlineData("1.2.3")]
    [InlineData("Mi")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e-99")]
    [InlineData("0x10")]
    public void TryParse_AnythingElse_IsMalformed(string text) =>
        Assert.Equal(ParseOutcome.Malformed, Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("8Ei")]
    [InlineData("9223372036854775808")]
    [InlineData("1e99")]
    [InlineData("12345678901234567890123456789012345678901234567890")]
    public void TryParse_MoreThanALong_Overflows(string text) =>
        Assert.Equal(ParseOutcome.Overflow, Quantity.TryParse(text, out _));

    [Fact]
    public void ToString_AnyQuantity_ReadsBackAsTheSame() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<long>(), Gen.Choose(0, 60).ToArbitrary(), (number, shift) =>
        {
            var quantity = new Quantity((number & long.MaxValue) >> shift << shift % 50 & long.MaxValue);
            return Quantity.TryParse(quantity.ToString(), out var again) == ParseOutcome.Ok && again == quantity;
        }));
}
