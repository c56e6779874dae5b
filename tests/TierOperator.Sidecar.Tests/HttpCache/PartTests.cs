using System.Text;
using TierOperator.Sidecar.Tests.HttpCache.Rules;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Ranges of what is not stored whole: RFC 9111, 3.3 and 3.4.</summary>
public sealed class PartTests
{
    private const string Fresh = "Cache-Control: max-age=60", Tag = "ETag: \"a\"";
    private static readonly string s_body = string.Concat(Enumerable.Range(0, 20_000).Select(number => $"{number},"));

    [Fact]
    public async Task Part_ThatWasFetched_AnswersRangesWithinIt()
    {
        await using var origin = new ScriptedOrigin(Ranged(Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "100-199", s_body[100..200], $"bytes 100-199/{s_body.Length}");
        await AssertRangeAsync(sidecar, "100-199", s_body[100..200], $"bytes 100-199/{s_body.Length}");
        await AssertRangeAsync(sidecar, "120-129", s_body[120..130], $"bytes 120-129/{s_body.Length}");

        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Parts_ThatMakeTheWhole_AnswerARequestForIt()
    {
        await using var origin = new ScriptedOrigin(Ranged(Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "50000-", s_body[50_000..]);
        await AssertRangeAsync(sidecar, "0-999", s_body[..1000]);
        await AssertRangeAsync(sidecar, "900-60000", s_body[900..60_001]);
        var whole = await sidecar.Http.GetStringAsync("/a");
        await AssertRangeAsync(sidecar, "-10", s_body[^10..]);

        Assert.Equal(s_body, whole);
        Assert.Equal(3, origin.Seen.Count);
    }

    [Theory]
    [InlineData("ETag: W/\"a\"", "ETag: W/\"a\"")]
    [InlineData("ETag: \"a\"", "ETag: \"b\"")]
    [InlineData("X-None: 1", "X-None: 1")]
    public async Task Parts_NotKnownToBeOfOneBody_AreNotPutTogether(string first, string second)
    {
        var count = 0;
        await using var origin = new ScriptedOrigin(request => Ranged(Fresh, count++ == 0 ? first : second)(request));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "0-49999", s_body[..50_000]);
        await AssertRangeAsync(sidecar, "50000-", s_body[50_000..]);
        await sidecar.Http.GetStringAsync("/a");

        Assert.Equal(3, origin.Seen.Count);
    }

    [Theory]
    [InlineData("Cache-Control: no-store", "bytes 0-9/20")]
    [InlineData("Cache-Control: private, max-age=60", "bytes 0-9/20")]
    [InlineData("X-None: 1", "bytes 0-9/20")]
    [InlineData("Cache-Control: max-age=60", "bytes 0-9/*")]
    [InlineData("Cache-Control: max-age=60", "bytes 9-0/20")]
    [InlineData("Cache-Control: max-age=60", "bytes 0-8/20")]
    [InlineData("Cache-Control: max-age=60", "bytes 0-9/5")]
    [InlineData("Cache-Control: max-age=60", "bytes 0-9/99999999999999999999")]
    [InlineData("Cache-Control: max-age=60", "lines 0-9/20")]
    [InlineData("Cache-Control: max-age=60", "")]
    public async Task Part_ThatMayNotBeStoredOrMakesNoSense_IsPassedOnAndFetchedAgain(string field, string contentRange)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("0123456789", field, Tag, $"Content-Range: {contentRange}") with { Status = 206 });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "0-9", "0123456789");
        await AssertRangeAsync(sidecar, "0-9", "0123456789");

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Part_CutShort_IsNotStored()
    {
        var count = 0;
        await using var origin = new ScriptedOrigin(request => Ranged(Fresh, Tag)(request) with { CutAfter = count++ == 0 ? 40 : null });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => AssertRangeAsync(sidecar, "0-99", s_body[..100]));

        await AssertRangeAsync(sidecar, "0-99", s_body[..100]);
        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Part_WhoseChunksAreNotItsRange_IsNotStored()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("01234", Fresh, Tag, "Content-Range: bytes 0-9/20") with { Status = 206, IsChunked = true });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        for (var i = 0; i < 2; i++) await AssertRangeAsync(sidecar, "0-9", "01234");

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Part_OfAUrlThatWasChangedOrPurged_IsGone()
    {
        await using var origin = new ScriptedOrigin(Ranged(Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "0-9", s_body[..10]);
        await sidecar.SendAsync(HttpMethod.Put, "/a").AssertStatusAsync(200);
        await AssertRangeAsync(sidecar, "0-9", s_body[..10]);
        await sidecar.SendAsync(HttpMethod.Post, "/v1/purge", new StringContent("{\"route\": \"all\"}", null, "application/json")).AssertStatusAsync(204);
        await AssertRangeAsync(sidecar, "0-9", s_body[..10]);

        Assert.Equal(4, origin.Seen.Count);
    }

    [Fact]
    public async Task Part_ThatWasPurged_DoesNotComeBackWithAnother()
    {
        await using var origin = new ScriptedOrigin(Ranged(Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await AssertRangeAsync(sidecar, "0-49999", s_body[..50_000]);
        await sidecar.SendAsync(HttpMethod.Post, "/v1/purge", new StringContent("{\"route\": \"all\"}", null, "application/json")).AssertStatusAsync(204);
        await AssertRangeAsync(sidecar, "50000-", s_body[50_000..]);
        await AssertRangeAsync(sidecar, "0-9", s_body[..10]);

        Assert.Equal(3, origin.Seen.Count);
    }

    [Fact]
    public async Task Range_OfAnOriginThatKnowsNone_StoresTheWhole()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("0123456789", Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using var first = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Range", "bytes=2-3"));
        Assert.Equal("0123456789", await first.Content.ReadAsStringAsync());
        await AssertRangeAsync(sidecar, "2-3", "23");

        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Range_ThatTheOriginRefuses_IsNotStoredAsTheUrlsAnswer()
    {
        await using var origin = new ScriptedOrigin(request => request["Range"] is null ? OriginReply.Of("body", Fresh) : new OriginReply { Status = 416, Fields = [Fresh] });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Range", "bytes=99-")).AssertStatusAsync(416);

        Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Range_Random_IsAlwaysThatSliceOfTheBody()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        await using var origin = new ScriptedOrigin(Ranged(Fresh, Tag));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        for (var i = 0; i < 300; i++)
        {
            var url = $"/{i / 30}";
            var (first, length) = (random.Next(s_body.Length), random.Next(1, 60_000));
            using var answer = await sidecar.SendAsync(HttpMethod.Get, url, null, ("Range", $"bytes={first}-{first + length - 1}"));
            Assert.True(s_body.Substring(first, Math.Min(length, s_body.Length - first)) == await answer.Content.ReadAsStringAsync(), $"seed {seed}, round {i}");
        }

        Assert.True(origin.Seen.Count < 250, $"{origin.Seen.Count} of 300 went to the origin");
    }

    /// <summary>Answers one range of the body, or all of it.</summary>
    private static Func<OriginRequestSeen, OriginReply> Ranged(params string[] fields) => request =>
    {
        if (request["Range"] is not { } range) return OriginReply.Of(s_body, fields);
        var parts = range["bytes=".Length..].Split('-');
        var first = parts[0].Length == 0 ? s_body.Length - int.Parse(parts[1]) : int.Parse(parts[0]);
        var last = parts[0].Length == 0 || parts[1].Length == 0 ? s_body.Length - 1 : Math.Min(s_body.Length - 1, int.Parse(parts[1]));
        return new OriginReply { Status = 206, Body = Encoding.ASCII.GetBytes(s_body[first..(last + 1)]), Fields = [.. fields, $"Content-Range: bytes {first}-{last}/{s_body.Length}"] };
    };

    private static async Task AssertRangeAsync(RunningSidecar sidecar, string range, string body, string? contentRange = null)
    {
        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Range", $"bytes={range}"));
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
        Assert.Equal(206, (int)answer.StatusCode);
        if (contentRange is not null) Assert.Equal(contentRange, answer.Content.Headers.ContentRange?.ToString());
    }
}
