using System.Net;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class HostGuardTests
{
    private readonly HostGuard _guard = new(["tier.example"]);

    [Theory]
    [InlineData("localhost:7070")]
    [InlineData("LOCALHOST")]
    [InlineData("127.0.0.1:7070")]
    [InlineData("127.8.8.8")]
    [InlineData("[::1]:7070")]
    [InlineData("tier.example:7070")]
    public void Check_KnownHost_Passes(string host) => Assert.Null(_guard.Check(host, default, IPAddress.Loopback));

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("10.1.2.3:7070")]
    [InlineData("")]
    public void Check_UnknownHost_IsRefused(string host)
        => Assert.Equal("foreign-host", _guard.Check(host, default, IPAddress.Loopback)?.Slug);

    [Fact]
    public void Check_AddressThatTheConnectionCameInBy_Passes()
        => Assert.Null(_guard.Check("10.1.2.3:7071", default, IPAddress.Parse("10.1.2.3")));

    [Theory]
    [InlineData("http://localhost:3000", true)]
    [InlineData("https://tier.example", true)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("ftp://localhost", false)]
    public void Check_Origin_MustBeKnownToo(string origin, bool passes)
        => Assert.Equal(passes, _guard.Check("localhost", origin, IPAddress.Loopback) is null);

    [Fact]
    public void Check_UnixSocket_TakesAnyHost() => Assert.Null(_guard.Check("whatever", default, null));

    [Fact]
    public void IsUsual_AfterAForeignHost_IsNotThatHost()
    {
        _guard.Check("evil.example", default, IPAddress.Loopback);

        Assert.False(_guard.IsUsual("evil.example", default));
    }
}
