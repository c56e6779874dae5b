using TierOperator.Sidecar.Http;
using TierOperator.Tiering;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class EntityTagTests
{
    private const string Tag = "\"01a1fc2dbcdd000200000007\"";
    private static readonly ItemVersion s_version = new(0x01a1fc2dbcdd0002, 7);

    [Fact]
    public void Format_Version_IsItsTextInQuotes() => Assert.Equal(Tag, EntityTag.Format(s_version));

    [Theory]
    [InlineData(Tag, true)]
    [InlineData("W/" + Tag, true)]
    [InlineData("\"x\", " + Tag, true)]
    [InlineData("*", true)]
    [InlineData("\"01a1fc2dbcdd000200000008\"", false)]
    [InlineData("rubbish", false)]
    public void Matches_IfNoneMatch_ComparesWeakly(string header, bool matches)
        => Assert.Equal(matches, EntityTag.Matches(header, s_version));

    [Theory]
    [InlineData(Tag, true)]
    [InlineData("*", true)]
    [InlineData("W/" + Tag, false)]
    [InlineData("\"other\"", false)]
    public void TryReadCondition_IfMatch_AllowsThatVersionOnly(string header, bool allows)
    {
        Assert.True(EntityTag.TryReadCondition(header, default, out var condition, out _));

        Assert.Equal(allows, condition.Allows(s_version));
        Assert.False(condition.Allows(null));
    }

    [Theory]
    [InlineData("01a1fc2dbcdd000200000007", null)]
    [InlineData(null, Tag)]
    public void TryReadCondition_WhatIsNotOffered_SaysWhy(string? ifMatch, string? ifNoneMatch)
    {
        Assert.False(EntityTag.TryReadCondition(ifMatch, ifNoneMatch, out _, out var fault));

        Assert.NotEmpty(fault!);
    }
}
