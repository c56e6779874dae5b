using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class QueryTests
{
    [Theory]
    [InlineData("/v1/explain?session=%FF")]
    [InlineData("/v1/explain?session=%zz")]
    [InlineData("/v1/explain?session=%4")]
    [InlineData("/v1/explain?session=")]
    [InlineData("/v1/explain?session=s&item=%C3%28")]
    [InlineData("/v1/explain?session=s&item=")]
    [InlineData("/v1/sessions?prefix=%FF")]
    [InlineData("/v1/sessions?prefix=a%")]
    [InlineData("/v1/sessions/s?items=a,%C0%80")]
    public async Task Ids_Bad_Are400AsInAPath(string target)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var answer = await sidecar.RawAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("problems/bad-id", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_TooLong_Are400AtExactlyOneByteMore()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var longest = new string('a', 512);

        await sidecar.Http.GetAsync($"/v1/explain?session={longest}&item={longest}").AssertStatusAsync(200);
        await sidecar.Http.GetAsync($"/v1/explain?session={longest}a").AssertProblemAsync(400, "bad-id");
        await sidecar.Http.GetAsync($"/v1/sessions?prefix={longest}a").AssertProblemAsync(400, "bad-id");
    }

    [Fact]
    public async Task Ids_Encoded_AreWhatTheySay()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        await sidecar.PutAsync("/v1/sessions/a%20b%2F%C3%A4%2B/items/i", "x").AssertStatusAsync(201);

        foreach (var text in new[] { "a%20b%2F%C3%A4%2B", "a+b/%C3%A4%2B" })
        {
            using var explained = await sidecar.Http.GetAsync($"/v1/explain?session={text}");
            Assert.Equal("a b/ä+", (await explained.JsonAsync()).GetProperty("stored").GetProperty("session").GetString());
            using var listed = await sidecar.Http.GetAsync($"/v1/sessions?pre%66ix={text}");
            Assert.Equal(1, (await listed.JsonAsync()).GetProperty("sessions").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("GET", "/v1/sessions?prefx=a", "did you mean \"prefix\"?")]
    [InlineData("GET", "/v1/sessions?limit=1&limit=2", "\"limit\" stands twice")]
    [InlineData("GET", "/v1/sessions?cursor=%FF", "\"cursor\" is not UTF-8")]
    [InlineData("POST", "/v1/retention/run?dry-run=true", "did you mean \"dryRun\"?")]
    [InlineData("POST", "/v1/retention/run?dryrun=true", "did you mean \"dryRun\"?")]
    [InlineData("DELETE", "/v1/sessions/s?items=a", "takes none")]
    [InlineData("GET", "/v1/sessions/s/items/i?x", "takes none")]
    public async Task Parameter_UnknownTwiceOrMalformed_IsRefusedAndNamed(string method, string target, string told)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var detail = await sidecar.SendAsync(new HttpMethod(method), target).AssertProblemAsync(400, "malformed");

        Assert.Contains(told, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_InTheDocument_AreThoseOfTheTable()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        using var response = await sidecar.Http.GetAsync("/v1/openapi.json");

        var paths = (await response.JsonAsync()).GetProperty("paths");

        foreach (var call in ApiCalls.Create().Calls)
        {
            var operation = paths.GetProperty(call.Path).GetProperty(call.Method.ToLowerInvariant());
            var documented = operation.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(one => one.TryGetProperty("in", out var place) && place.GetString() == "query")
                    .Select(one => one.GetProperty("name").GetString()!).ToList()
                : [];
            Assert.Equal(call.Query.Order(), documented.Order());
        }
    }
}
