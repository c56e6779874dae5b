using System.Security.Cryptography;
using TierOperator.Tiering.Postgres;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class LookupKeyTests
{
    [Fact]
    public void Of_LongKey_CannotBeForgedByAShortOne()
    {
        var longKey = RandomNumberGenerator.GetBytes(5000);
        var forged = LookupKey.Of(longKey);

        var shortened = LookupKey.Of(forged.AsSpan(0, LookupKey.MaxWholeBytes));

        Assert.NotEqual(LookupKey.Of(longKey), shortened);
        Assert.NotEqual(LookupKey.Of(longKey), LookupKey.Of(forged));
    }

    [Theory]
    [InlineData(new byte[] { 1, 2 }, new byte[] { 1, 3 })]
    [InlineData(new byte[] { 1, 255 }, new byte[] { 2 })]
    [InlineData(new byte[] { 255, 255 }, null)]
    [InlineData(new byte[0], null)]
    public void EndOf_Prefix_IsTheLeastBehindIt(byte[] prefix, byte[]? expected)
        => Assert.Equal(expected, LookupKey.EndOf(prefix));

    [Fact]
    public void VersionColumn_OrdersAsVersionsDo()
    {
        ItemVersion[] versions = [ItemVersion.None, new(1, 9), new(2, 0), new(2, 1), new(1UL << 40, 0), new(ulong.MaxValue, uint.MaxValue)];

        var columns = versions.Select(version => VersionColumn.From(version).ToString("n")).ToArray();

        Assert.Equal(columns.Order(StringComparer.Ordinal), columns);
        Assert.Equal(versions, versions.Select(version => VersionColumn.To(VersionColumn.From(version))));
    }
}
