using System.Net.Http.Headers;
using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

/// <summary>What comes with a body and would be stored, or answered, as something else than was meant.</summary>
public sealed class BodyInputTests
{
    [Theory]
    [InlineData("Content-Type", "text/pl\u00c3\u00a4n", 400, "malformed")]
    [InlineData("Content-Range", "bytes 0-1/2", 400, "malformed")]
    [InlineData("Content-Encoding", "gzip", 415, "unsupported-media-type")]
    public async Task Put_HeaderThatCannotBeKept_IsRefusedAndNothingIsStored(string name, string value, int status, string slug)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync($"PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains($"problems/{slug}", answer, StringComparison.Ordinal);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertStatusAsync(404);
    }

    [Theory]
    [InlineData("Tier-TTL")]
    [InlineData("Tier-Subject")]
    [InlineData("Tier-Strategy")]
    public async Task Put_HeaderTwice_IsRefused(string name)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync($"PUT /v1/sessions/s/items/i HTTP/1.1\r\nHost: localhost\r\n{name}: 1h\r\n{name}: 2h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains($"{name} stands twice", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_LargerThanAllBodiesMayBe_IsNotToldToTryAgain(bool isSized)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--in-flight", "1Mi");
        using var body = new ByteArrayContent(new byte[2 << 20]);
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/sessions/s/items/i") { Content = body };
        request.Headers.TransferEncodingChunked = !isSized;

        var detail = await sidecar.Http.SendAsync(request).AssertProblemAsync(413, "too-large");

        Assert.Contains("--in-flight", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"dryRun":true}""")]
    [InlineData("dryRun=true")]
    public async Task Retention_WithABody_IsRefusedInsteadOfRun(string body)
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 3; i++) await sidecar.PutAsync($"/v1/sessions/chat:{i}/items/i", "x").AssertStatusAsync(201);

        var detail = await sidecar.SendAsync(HttpMethod.Post, "/v1/retention/run", new StringContent(body)).AssertProblemAsync(400, "malformed");

        Assert.Contains("?dryRun=true", detail, StringComparison.Ordinal);
        using var listed = await sidecar.Http.GetAsync("/v1/sessions");
        Assert.Equal(3, (await listed.JsonAsync()).GetProperty("sessions").GetArrayLength());
    }

    [Fact]
    public async Task Batch_OfGetsOfALargeItem_AnswersNoMoreThanADocumentMayHold()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--max-document", "1Mi");
        var value = new byte[300_000];
        await sidecar.SendAsync(HttpMethod.Put, "/v1/sessions/s/items/large", new ByteArrayContent(value)).AssertStatusAsync(201);
        await sidecar.PutAsync("/v1/sessions/s/items/small", "x").AssertStatusAsync(201);
        var gets = Enumerable.Repeat("""{"op":"get","session":"s","item":"large"}""", 999).Append("""{"op":"get","session":"s","item":"small"}""");
        var body = new StringContent($$"""{"operations":[{{string.Join(',', gets)}}]}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

        using var response = await sidecar.SendAsync(HttpMethod.Post, "/v1/batch", body);

        var results = (await response.JsonAsync()).GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([200, 200, 200, .. Enumerable.Repeat(413, 996), 200], results.Select(result => result.GetProperty("status").GetInt32()));
        Assert.Equal(value, results[2].GetProperty("base64").GetBytesFromBase64());
        Assert.Contains("by itself", results[3].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, sidecar.Host.Engine.Status().InFlightBytes);
    }
}
