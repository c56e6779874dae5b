using TierOperator.Tiering.Postgres;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://u:p@db.example:6543/app", "database \"app\" on db.example:6543 as \"u\"")]
    [InlineData("postgresql://u:p@db/app", "database \"app\" on db:5432 as \"u\"")]
    [InlineData("postgres://u@db", "database \"u\" on db:5432 as \"u\"")]
    [InlineData("postgres://u:p%40ss%2F%3A@[::1]:99/app", "database \"app\" on ::1:99 as \"u\"")]
    [InlineData("postgres://u:p@a:1,b:2/app?target_session_attrs=read-write", "database \"app\" on a:1,b:2 as \"u\"")]
    [InlineData("postgres:///app?host=/run/postgresql&user=u", "database \"app\" on /run/postgresql:5432 as \"u\"")]
    [InlineData("  postgres://u:p@db/app\n", "database \"app\" on db:5432 as \"u\"")]
    public void TryParse_UsualForms_SayWhereAndAsWhom(string text, string expected)
    {
        Assert.True(PostgresUrl.TryParse(text, "/", out var url, out var error), error);

        Assert.Equal(expected, url.Display);
    }

    [Theory]
    [InlineData("", "must begin with postgres://")]
    [InlineData("mysql://u:secret@db/app", "must begin with postgres://")]
    [InlineData("postgres://db/app", "names no user")]
    [InlineData("postgres://u:secret@/app", "names no host")]
    [InlineData("postgres://u:se:cret@db:notaport/app", "not a number")]
    [InlineData("postgres://u:secret@db:0/app", "not a number")]
    [InlineData("postgres://u:sec%ret@db/app", "%25")]
    [InlineData("postgres://u:secret@db/app?sslmode=yes", "sslmode")]
    [InlineData("postgres://u:secret@db/app?sslrootcert=/nowhere/ca.crt", "does not exist")]
    [InlineData("postgres://u:secret@db/app?schema=Bad-Name", "lower-case")]
    [InlineData("postgres://u:secret@db/app?schema=x;drop", "lower-case")]
    [InlineData("postgres://u:secret@db/app?fetch_size=3", "unknown")]
    [InlineData("postgres://u:secret@[nonsense]/app", "not an IPv6 address")]
    public void TryParse_Faulty_SaysWhatIsWrongWithoutThePassword(string text, string expected)
    {
        Assert.False(PostgresUrl.TryParse(text, "/", out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_HasNoPassword()
    {
        Assert.True(PostgresUrl.TryParse("postgres://u:secret@db/app?schema=mine", "/", out var url, out _));

        Assert.DoesNotContain("secret", url.ToString(), StringComparison.Ordinal);
        Assert.Equal("mine", url.Schema);
    }
}
