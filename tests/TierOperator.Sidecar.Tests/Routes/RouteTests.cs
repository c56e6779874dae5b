using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Routes;

public sealed class RouteTests
{
    [Fact]
    public async Task Match_SeveralRoutes_TakesTheMostSpecific()
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of(request["X-Route"] ?? "none"));
        string Route(string name, string match) => $$"""
                - name: {{name}}
                  match: { {{match}} }
                  origin: {destinations: ["{{origin.Url}}"], requestHeaders: {set: { X-Route: {{name}} } } }
            """ + "\n";
        var routes = Route("rest", "path: '/{**rest}'") + Route("cats", "path: '/cats/{**rest}'") + Route("one", "path: '/cats/1'")
            + Route("number", "path: '/cats/{id:int}/toys'") + Route("post", "path: '/cats/{**rest}', methods: [POST]")
            + Route("host", "path: '/{**rest}', hosts: [cats.shop]") + Route("header", "path: '/cats/{**rest}', headers: [{name: X-Kind, values: [a, b]}]")
            + Route("query", "path: '/dogs', query: [{name: kind, values: [big], mode: Prefix}]");
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(routes));

        async Task<string> Of(string method, string path, params (string, string)[] fields)
        {
            using var response = await sidecar.SendAsync(new HttpMethod(method), path, null, fields);
            return await response.Content.ReadAsStringAsync();
        }

        Assert.Equal("rest", await Of("GET", "/"));
        Assert.Equal("rest", await Of("GET", "/catsanddogs"));
        Assert.Equal("cats", await Of("GET", "/cats"));
        Assert.Equal("cats", await Of("GET", "/Cats/2"));
        Assert.Equal("one", await Of("GET", "/cats/1"));
        Assert.Equal("number", await Of("GET", "/cats/12/toys"));
        Assert.Equal("cats", await Of("GET", "/cats/x/toys"));
        Assert.Equal("post", await Of("POST", "/cats/2"));
        Assert.Equal("host", await Of("GET", "/birds", ("Host", "cats.shop")));
        Assert.Equal("header", await Of("GET", "/cats/3", ("X-Kind", "b")));
        Assert.Equal("query", await Of("GET", "/dogs?kind=bigger"));
        Assert.Equal("rest", await Of("GET", "/dogs?kind=small"));
    }

    [Fact]
    public async Task NoMatch_Answer_ListsTheRoutes()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply());
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(One(origin.Url, "/cats/{**rest}")));

        var detail = await sidecar.SendAsync(HttpMethod.Get, "/dogs").AssertProblemAsync(404, "no-route");

        Assert.Contains("one (/cats/{**rest})", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rewriting_PathHostAndHeaders_ReachTheOriginAsTheRouteSays()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "X-Secret: s", "X-Keep: k"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(One(origin.Url, "/cats/{**rest}",
            "stripPrefix: /cats, addPrefix: /v2/pets, host: pets.shop, requestHeaders: {remove: [X-Drop], set: {X-Add: a}}, responseHeaders: {remove: [X-Secret], set: {X-Add: b}}")));

        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/cats/a%20b/c?d=e%20f", null, ("X-Drop", "x"), ("Connection", "X-Hop"), ("X-Hop", "h"));

        var seen = Assert.Single(origin.Seen);
        Assert.Equal("/v2/pets/a%20b/c?d=e%20f", seen.Target);
        Assert.Equal("pets.shop", seen["Host"]);
        Assert.Equal("a", seen["X-Add"]);
        Assert.Null(seen["X-Drop"] ?? seen["X-Hop"]);
        Assert.Equal("b", answer.Header("X-Add"));
        Assert.Equal("k", answer.Header("X-Keep"));
        Assert.Null(answer.Header("X-Secret"));
    }

    [Fact]
    public async Task Origin_ThatIsAway_IsPassedOverForAnother()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        var away = new Uri("http://127.0.0.1:1");
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With($$"""
                - name: one
                  match: {path: "/{**rest}"}
                  origin: {destinations: [{{RoutePolicies.Quoted(away, origin.Url)}}], loadBalancing: RoundRobin}
            """));

        for (var i = 0; i < 10; i++) Assert.Equal("body", await sidecar.Http.GetStringAsync("/a"));
        for (var i = 0; i < 10; i++) await sidecar.SendAsync(HttpMethod.Options, "/a").AssertStatusAsync(200);
    }

    [Fact]
    public async Task Origin_ThatFails_IsToldAsAProblem()
    {
        var gate = new TaskCompletionSource();
        await using var origin = new ScriptedOrigin(request => request.Target switch
        {
            "/hangs" => new OriginReply { Before = gate.Task },
            "/resets" => new OriginReply { Raw = "" },
            "/noise" => new OriginReply { Raw = "hello\r\n\r\n" },
            _ => new OriginReply { Raw = "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-Endless: " + new string('x', 1000) + "\r\n", 100)) },
        });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With(One(origin.Url, "/{**rest}", "timeout: 300ms")));

        await sidecar.SendAsync(HttpMethod.Get, "/hangs").AssertProblemAsync(504, "origin-timeout");
        await sidecar.SendAsync(HttpMethod.Post, "/hangs").AssertProblemAsync(504, "origin-timeout");
        await sidecar.SendAsync(HttpMethod.Get, "/resets").AssertProblemAsync(502, "origin-unreachable");
        await sidecar.SendAsync(HttpMethod.Get, "/noise").AssertProblemAsync(502, "origin-unreachable");
        await sidecar.SendAsync(HttpMethod.Get, "/endless").AssertProblemAsync(502, "origin-unreachable");
        gate.SetResult();
    }

    [Theory]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nHost: other\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://other.example\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n", "405")]
    [InlineData("GET /a HTTP/1.1\nHost: localhost\nConnection: close\n\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\nX-A: a\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\nConnection: close\r\n\r\n0\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\nConnection: close\r\n\r\n0\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 00000000000000000000000000000000000000005\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x5\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5.0\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5 5\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5,6\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5;\r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: \r\nConnection: close\r\n\r\nhello", "400")]
    [InlineData("GET /x%2Fy/../a%2Fb HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a%2Fb/c/%2e%2e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/9.9\r\nHost: localhost\r\nConnection: close\r\n\r\n", "505")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX(a): 1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX(a):\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX\"a: 1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX/a: 1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX@a;b: 1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nX[a]: 1\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nTransfer\u0001Encoding: chunked\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nContent-Length\0: 5\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("POST /a HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400")]
    [InlineData("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close, \u00e9\r\n\r\n", "400")]
    public async Task BadRequest_OfAnyShape_NeverReachesTheOrigin(string request, string status)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var answer = await sidecar.RawAsync(request);

        answer.AssertProblem(status);
        Assert.Empty(origin.Seen);
    }

    [Theory]
    [InlineData("Connection: X-Hop, close\r\n")]
    [InlineData("Connection: x-hop , keep-alive\r\n")]
    [InlineData("Connection: keep-alive\r\nConnection: x-hop\r\n")]
    [InlineData("Connection: x-hop\r\nConnection: close\r\n")]
    [InlineData("Connection: x-other\r\nConnection: ,x-hop,\r\n")]
    public async Task Field_ThatConnectionNames_StopsHere(string connection)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        foreach (var method in new[] { "GET", "OPTIONS" })
        {
            var answer = await sidecar.RawAsync($"{method} /a HTTP/1.1\r\nHost: localhost\r\n{connection}X-Hop: 1\r\nX-Else: 2\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
            Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        }

        Assert.Equal(2, origin.Seen.Count);
        Assert.All(origin.Seen, seen => Assert.Equal((null, "2"), (seen["X-Hop"], seen["X-Else"])));
    }

    [Fact]
    public async Task Chunk_WhoseSizeIsNone_EndsTheRequest()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        const string Head = "POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

        foreach (var body in new[] { "zz\r\nhello\r\n0\r\n\r\n", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n" })
            (await sidecar.RawAsync(Head + body)).AssertProblem("400");
        Assert.All(origin.Seen, request => Assert.NotEqual("hello", System.Text.Encoding.ASCII.GetString(request.Body)));
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(200, 10)]
    public async Task Headers_TooLargeOrTooMany_Are431(int count, int length)
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var answer = await sidecar.RawAsync("GET /a HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('x', length)}\r\n")) + "\r\n");

        answer.AssertProblem("431");
        Assert.Empty(origin.Seen);
    }

    [Fact]
    public async Task Token_OnRoutes_IsTheProxys()
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of(request["Authorization"] + request["Proxy-Authorization"]));
        using var folder = new TempFolder();
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url), "--token-file", folder.Write("token", "secret-token-of-24-letters"));

        await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Authorization", "Bearer secret-token-of-24-letters")).AssertProblemAsync(407, "unauthorized");
        using var answer = await sidecar.SendAsync(HttpMethod.Get, "/a", null, ("Proxy-Authorization", "Bearer secret-token-of-24-letters"), ("Authorization", "Basic mine"));

        Assert.Equal("Basic mine", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Upgrade_ToAnotherProtocol_PassesThrough()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Raw = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nframes" });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        var answer = await sidecar.RawAsync("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("frames", answer, StringComparison.Ordinal);
        Assert.Equal("websocket", Assert.Single(origin.Seen)["Upgrade"]);
    }

    [Fact]
    public async Task Upload_Body_ReachesTheOriginWhole()
    {
        await using var origin = new ScriptedOrigin(request => OriginReply.Of($"{request.Method} {request.Body.Length}"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        using var answer = await sidecar.SendAsync(HttpMethod.Put, "/a", new ByteArrayContent(new byte[3_000_000]));

        Assert.Equal("PUT 3000000", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task List_Routes_TellsHealthAndCounts()
    {
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body", "Cache-Control: max-age=60"));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));
        await sidecar.Http.GetStringAsync("/a");
        await sidecar.Http.GetStringAsync("/a");

        using var answer = await sidecar.Http.GetAsync("/v1/routes");
        var route = (await answer.JsonAsync()).GetProperty("routes")[0];

        Assert.Equal("all", route.GetProperty("name").GetString());
        Assert.Equal(origin.Url.ToString(), route.GetProperty("destinations")[0].GetProperty("address").GetString());
        Assert.Equal(1, route.GetProperty("requests").GetProperty("hit").GetInt64());
        Assert.Equal(1, route.GetProperty("requests").GetProperty("miss").GetInt64());
    }

    [Fact]
    public async Task Secret_ThatIsMissing_RefusesTheStartAndSaysWhich()
    {
        var policy = RoutePolicies.With(One(new Uri("https://127.0.0.1:1"), "/{**rest}", "tls: {caSecretRef: {name: ca}}"));

        var fault = await Assert.ThrowsAsync<TierOperator.Sidecar.Hosting.StartFault>(() => RunningSidecar.StartAsync(policy));

        Assert.Contains("--secrets", fault.Message, StringComparison.Ordinal);
    }

    private static string One(Uri origin, string path, string more = "protocol: Auto") => $$"""
            - name: one
              match: {path: "{{path}}"}
              origin: {destinations: ["{{origin}}"], {{more}}}
        """;
}
