using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresSearchTests(PostgresFixture fixture) : IAsyncLifetime
{
    private PostgresTierOptions _options = null!;
    private PostgresTier _tier = null!;
    private IReadOnlyList<string> _masked = ["context.email", "secret"];

    public async ValueTask InitializeAsync()
    {
        _options = PostgresFixture.OptionsFor(await fixture.ServerAsync()) with { Search = true, MaskOf = _ => _masked };
        _tier = PostgresFixture.Start(_options);
    }

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Theory]
    [InlineData("refund", "s1/context s2/note")]
    [InlineData("REFUND policy", "s1/context")]
    [InlineData("\"refund the order\"", "s2/note")]
    [InlineData("refund -order", "s1/context")]
    [InlineData("ref*", "s1/context s2/note")]
    [InlineData("policy OR order", "s1/context s2/note")]
    [InlineData("42", "s1/context")]
    [InlineData("straße", "s2/note")]
    [InlineData("nothing", "")]
    public async Task Search_Query_FindsWhatItSays(string query, string expected)
    {
        await StoreAsync("s1", "context", """{"topic":"Refund policy","number":42,"email":"ann@example.org"}""", "application/json");
        await StoreAsync("s2", "note", "Please refund the order from the Straße shop", "text/plain; charset=utf-8");
        await StoreAsync("s3", "blob", "refund", "application/octet-stream");

        var page = await _tier.SearchAsync(query, 10, CancellationToken.None);

        Assert.Null(page.Fault);
        Assert.Equal(expected, string.Join(' ', page.Hits.Select(hit => $"{Text(hit.Session)}/{Text(hit.Item)}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Search_Hit_ShowsMarkedWordsEscaped()
    {
        await StoreAsync("s", "note", "<b>refund</b> & more", "text/plain");

        var page = await _tier.SearchAsync("refund", 10, CancellationToken.None);

        Assert.Equal("&lt;b&gt;<mark>refund</mark>&lt;/b&gt; &amp; more", Assert.Single(page.Hits).Highlight);
    }

    [Fact]
    public async Task Search_MoreOfTheWord_RanksHigher()
    {
        await StoreAsync("little", "note", "one refund among many other words that dilute it in this note", "text/plain");
        await StoreAsync("much", "note", "refund refund refund", "text/plain");

        var page = await _tier.SearchAsync("refund", 10, CancellationToken.None);

        Assert.Equal(["much", "little"], page.Hits.Select(hit => Text(hit.Session)));
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("hidden")]
    public async Task Search_MaskedValue_IsNeitherFoundNorShown(string query)
    {
        await StoreAsync("s", "context", """{"topic":"refund","email":"ann@example.org"}""", "application/json");
        await StoreAsync("s", "secret", "\"hidden refund\"", "application/json");

        var masked = await _tier.SearchAsync(query, 10, CancellationToken.None);
        var shown = await _tier.SearchAsync("refund", 10, CancellationToken.None);

        Assert.Empty(masked.Hits);
        Assert.Equal("<mark>refund</mark>", Assert.Single(shown.Hits).Highlight);
    }

    [Fact]
    public async Task Search_MaskedAfterItWasStored_IsNotFoundAnyMore()
    {
        _masked = [];
        await StoreAsync("s", "context", """{"topic":"refund","email":"ann@example.org"}""", "application/json");
        Assert.Single((await _tier.SearchAsync("ann", 10, CancellationToken.None)).Hits);

        _masked = ["context.email"];

        Assert.Empty((await _tier.SearchAsync("ann", 10, CancellationToken.None)).Hits);
        Assert.DoesNotContain("example", Assert.Single((await _tier.SearchAsync("refund", 10, CancellationToken.None)).Hits).Highlight, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_DeletedAndReplaced_AreNotFound()
    {
        await StoreAsync("gone", "note", "refund", "text/plain");
        await StoreAsync("changed", "note", "refund", "text/plain");

        await _tier.ApplyAsync(Changes.Delete("gone", 10));
        await _tier.ApplyAsync(Changes.Put("changed", 10, ("note", "other")));

        Assert.Empty((await _tier.SearchAsync("refund", 10, CancellationToken.None)).Hits);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-only")]
    [InlineData("***")]
    [InlineData("'; DROP TABLE x; --")]
    [InlineData("a & | ! <-> (b:*")]
    [InlineData("\"unclosed phrase")]
    [InlineData("\0")]
    public async Task Search_AnyText_IsAnsweredNotThrown(string query)
    {
        var page = await _tier.SearchAsync(query, 10, CancellationToken.None);

        Assert.Equal(RemoteReadStatus.Found, page.Status);
        Assert.Empty(page.Hits);
    }

    [Fact]
    public async Task Search_Off_SaysHowToSwitchItOn()
    {
        await using var off = PostgresFixture.Start(_options with { Search = false });

        var page = await off.SearchAsync("refund", 10, CancellationToken.None);

        Assert.Contains("spec.tiers.postgres.search", page.Fault, StringComparison.Ordinal);
    }

    private int _counter;

    private async Task StoreAsync(string session, string item, string value, string type)
    {
        _counter++;
        var change = Changes.Of(session, _counter) with { Puts = [new ItemSnapshot(Changes.Bytes(item), type, Changes.At(_counter), ItemValue.From(Changes.Bytes(value)))] };
        Assert.Equal(RemoteStatus.Applied, (await _tier.ApplyAsync(change)).Status);
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
