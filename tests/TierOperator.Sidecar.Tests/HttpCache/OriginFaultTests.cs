using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Origins that answer what no answer may be: each way through the cache and past it, nothing of it is stored.</summary>
public sealed class OriginFaultTests
{
    private const string Fresh = "Cache-Control: max-age=60\r\n";

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n" + Fresh + "\r\nhello!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n" + Fresh + "\r\nhello!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: five\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5;\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 20 OK\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 000 OK\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 099 OK\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX(a): 1\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\u007f\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: a\vb\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n" + Fresh + "\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" + Fresh + "\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n" + Fresh + "\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n" + Fresh + "\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a=b\r\n" + Fresh + "\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: nonsense\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 5\r\n" + Fresh + "\r\nhello")]
    [InlineData("HTTP/0.9 200 OK\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nNo colon here\r\n" + Fresh + "\r\nhello")]
    [InlineData("")]
    public async Task Answer_ThatIsNone_Is502AndNotStored(string raw)
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Raw = raw });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.SendAsync(HttpMethod.Get, "/a").AssertProblemAsync(502, "origin-unreachable");
        await sidecar.SendAsync(HttpMethod.Post, "/a").AssertProblemAsync(502, "origin-unreachable");
        await sidecar.SendAsync(HttpMethod.Get, "/a").AssertProblemAsync(502, "origin-unreachable");
    }

    [Fact]
    public async Task Status_AboveTheLastThatIsOne_PassesAndIsNotStored()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("odd", "Cache-Control: max-age=60") with { Status = 999 });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        for (var i = 0; i < 2; i++)
        {
            using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a");
            Assert.Equal(999, (int)answer.StatusCode);
        }

        Assert.Equal(2, origin.Seen.Count);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 10\r\n\r\nhello")]
    public async Task Body_WhoseEndIsNotTheSaid_IsBrokenOffAndNotStored(string rest)
    {
        var count = 0;
        await using var origin = new ScriptedOrigin(_ => count++ == 0 ? new OriginReply { Raw = $"HTTP/1.1 200 OK\r\n{Fresh}{rest}" } : OriginReply.Of("whole", "Cache-Control: max-age=60"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sidecar.Http.GetStringAsync("/a"));

        Assert.Equal("whole", await sidecar.Http.GetStringAsync("/a"));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Length: 5, 5\r\n\r\nhello")]
    [InlineData("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task Length_SaidTwiceOrOverruled_IsTheOneThatCounts(string rest)
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Raw = $"HTTP/1.1 200 OK\r\n{Fresh}{rest}" });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var passed = await sidecar.RawAsync("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var stored = await sidecar.RawAsync("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        foreach (var answer in new[] { passed, stored })
        {
            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
            Assert.Contains("hello", answer, StringComparison.Ordinal);
            Assert.True(answer.Split("Content-Length:").Length <= 2, answer);
            Assert.DoesNotContain("Content-Length: 9", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(204, "Content-Length: 3\r\n\r\n")]
    [InlineData(204, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(205, "Content-Length: 3\r\n\r\nabc")]
    [InlineData(205, "Content-Length: 0\r\n\r\n")]
    [InlineData(205, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    public async Task Status_ThatHasNoContent_HasNoneWhateverItsFieldsSay(int status, string rest)
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Raw = $"HTTP/1.1 {status} Empty\r\n{Fresh}Content-Type: text/x\r\n{rest}" });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Get, HttpMethod.Get, HttpMethod.Head })
        {
            using var answer = await sidecar.SendAsync(method, "/a");
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
            Assert.Equal("text/x", answer.Content.Headers.ContentType?.ToString());
        }

        Assert.Equal(2, origin.Seen.Count);
    }

    [Fact]
    public async Task Field_WithANulInIt_NeverReachesTheClientSo()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Raw = $"HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 5\r\n{Fresh}\r\nhello" });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        for (var i = 0; i < 2; i++)
            Assert.DoesNotContain('\0', await sidecar.RawAsync("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task Interim_Answers_EndHereAndTheFinalOneIsStored()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply
        {
            Raw = "HTTP/1.1 102 Processing\r\nX-Interim: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nCache-Control: no-store\r\n\r\n"
                  + $"HTTP/1.1 200 OK\r\n{Fresh}Content-Length: 5\r\n\r\nhello",
        });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using var miss = await sidecar.SendAsync(HttpMethod.Get, "/a");
        using var hit = await sidecar.SendAsync(HttpMethod.Get, "/a");

        Assert.Equal("hello", await miss.Content.ReadAsStringAsync());
        Assert.Equal("hello", await hit.Content.ReadAsStringAsync());
        Assert.Null(hit.Header("X-Interim") ?? hit.Header("Link"));
        Assert.Single(origin.Seen);
    }

    [Fact]
    public async Task Origin_ThatHangsInTheBody_IsCutOffAndNotStored()
    {
        var gate = new TaskCompletionSource();
        var count = 0;
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("0123456789", "Cache-Control: max-age=60") with { Halfway = count++ == 0 ? gate.Task : Task.CompletedTask });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With($$"""
                - name: all
                  match: {path: "/{**rest}"}
                  origin: {destinations: ["{{origin.Url}}"], timeout: 300ms}
            """));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sidecar.Http.GetStringAsync("/a"));
        gate.SetResult();

        Assert.Equal("0123456789", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal(2, origin.Seen.Count);
    }
}
