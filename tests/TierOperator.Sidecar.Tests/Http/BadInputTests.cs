using System.Net;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class BadInputTests
{
    [Theory]
    [InlineData("/v1/sessions//items/i")]
    [InlineData("/v1/sessions/s/items/")]
    [InlineData("/v1/sessions/")]
    [InlineData("/v1/sessions/%zz/items/i")]
    [InlineData("/v1/sessions/%FF/items/i")]
    [InlineData("/v1/sessions/s/items/%C3%28")]
    public async Task Ids_Bad_Are400(string path)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("problems/bad-id", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_TooLong_Are400AtExactlyOneByteMore()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var longest = new string('a', 512);

        await sidecar.PutAsync($"/v1/sessions/{longest}/items/{longest}", "x").AssertStatusAsync(201);
        await sidecar.PutAsync($"/v1/sessions/{longest}a/items/i", "x").AssertProblemAsync(400, "bad-id");
        await sidecar.PutAsync($"/v1/sessions/s/items/{longest}a", "x").AssertProblemAsync(400, "bad-id");
    }

    [Theory]
    [InlineData("GET /v1/sessions/s/items/i HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 403)]
    [InlineData("GET /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n", 403)]
    [InlineData("GET /anything HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 403)]
    [InlineData("GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /v1/status HTTP/1.0\r\n\r\n", 403)]
    [InlineData("PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello", 400)]
    [InlineData("PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("NONSENSE\r\n\r\n", 400)]
    public async Task Request_Malformed_IsRefusedAndTheNextOneServed(string request, int status)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync(request);

        answer.AssertProblem($"{status}");
        await sidecar.Http.GetAsync("/v1/status").AssertStatusAsync(200);
    }

    [Fact]
    public async Task Request_WithLengthAndChunks_IsNotReadTwice()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync(
            "PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
            "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        // RFC 9112, 6.3: such a request ends the connection; a second answer would have been smuggled.
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    [Fact]
    public async Task Headers_TooManyOrTooLarge_AreRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var many = string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: 1\r\n"));

        (await sidecar.RawAsync($"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")).AssertProblem("431");
        (await sidecar.RawAsync($"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: {new string('a', 20_000)}\r\n\r\n")).AssertProblem("431");
        (await sidecar.RawAsync($"GET /v1/{new string('a', 10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n")).AssertProblem("414");
    }

    [Fact]
    public async Task Client_ThatSendsItsHeadersTooSlowly_IsCutOff()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--headers-timeout", "1s");

        var answer = await sidecar.RawAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n");

        answer.AssertProblem("408");
    }

    [Fact]
    public async Task Request_MalformedBehindAnyNumberOfGoodOnes_IsToldWhatIsWrong()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        for (var good = 0; good < 60; good++)
        {
            var answers = await sidecar.RawAsync(string.Concat(Enumerable.Repeat("GET /v1/none HTTP/1.1\r\nHost: localhost\r\n\r\n", good)) + "GET /v1/none HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n");

            Assert.Equal(good + 1, answers.Split("HTTP/1.1 ").Length - 1);
            answers.AssertProblem("400");
        }
    }

    [Fact]
    public async Task Client_ThatStopsAmidItsBody_IsCutOffAndNothingIsStored()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync("PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\nhello");

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertStatusAsync(404);
        Assert.Equal(0, sidecar.Host.Engine.Status().InFlightBytes);
    }

    [Fact]
    public async Task Paths_ThatAreNotServed_Are404AndMethodsAre405()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        foreach (var path in new[] { "/", "/v1", "/v1/recommendations", "/mcp", "/metrics", "/v1/sessions/s/items/i/more" })
            await sidecar.Http.GetAsync(path).AssertProblemAsync(404, "no-route");
        using var response = await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/items/i");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD", "PUT", "DELETE"], response.Content.Headers.Allow);
    }
}
