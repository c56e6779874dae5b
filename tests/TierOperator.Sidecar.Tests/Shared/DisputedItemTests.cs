using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary><c>onConflict: Manual</c> as an app meets it: 409 with every version, until somebody decides with If-Match.</summary>
public sealed class DisputedItemTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    private readonly string _policy = SharedFixture.Policy($"p{Guid.NewGuid():n}")
        .Replace("write: Behind,", "write: Behind, onConflict: Manual,", StringComparison.Ordinal);

    [Fact]
    public async Task Item_WrittenTwiceBlind_Is409WithItsVersionsUntilDecided()
    {
        await using var left = await servers.StartAsync(_policy);
        await using var right = await servers.StartAsync(_policy.Replace("interval: 100ms", "interval: 1h", StringComparison.Ordinal));
        await Until.SettledAsync(left);
        await Until.SettledAsync(right);
        await left.PutAsync("/v1/sessions/s/items/other", "undisputed").AssertStatusAsync(201);
        await left.PutAsync("/v1/sessions/s/items/i", """{"by":"left"}""", "application/json").AssertStatusAsync(201);
        await right.PutAsync("/v1/sessions/s/items/i", "by right").AssertStatusAsync(201);
        await Until.SettledAsync(left);
        await right.PutAsync("/v1/sessions/s/items/more", "x", headers: ("If-None-Match", "*")).AssertStatusAsync(201); // a condition is decided in Redis, which hears all first
        foreach (var sidecar in new[] { left, right })
            await Until.HoldsAsync(async () => (await sidecar.Http.GetAsync("/v1/sessions/s/items/i")).StatusCode == HttpStatusCode.Conflict ? null : "it is not disputed");

        using var answer = await right.Http.GetAsync("/v1/sessions/s/items/i");
        var problem = await answer.JsonAsync();
        Assert.Equal((HttpStatusCode.Conflict, "https://tieroperator.io/problems/disputed"), (answer.StatusCode, problem.GetProperty("type").GetString()));
        var versions = problem.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal(2, versions.Count); // written within one tick of the clock, either may be the older
        Assert.Equal("left", versions.Single(static version => version.TryGetProperty("value", out _)).GetProperty("value").GetProperty("by").GetString());
        Assert.Equal("by right"u8.ToArray(), versions.Single(static version => version.TryGetProperty("base64", out _)).GetProperty("base64").GetBytesFromBase64());

        await IsToldAsync(right, answer.Headers.ETag!.Tag);

        await right.Http.GetAsync("/v1/sessions/s").AssertStatusAsync(409);
        await right.PutAsync("/v1/sessions/s/items/i", "blind").AssertStatusAsync(409);
        await right.Http.DeleteAsync("/v1/sessions/s/items/i").AssertStatusAsync(409);
        await right.Http.PatchAsync("/v1/sessions/s", new StringContent("""{"i":{"x":1}}""", new MediaTypeHeaderValue("application/merge-patch+json"))).AssertStatusAsync(409);
        await right.Http.GetAsync("/v1/sessions/s/items/other").AssertStatusAsync(200);
        await right.PutAsync("/v1/sessions/s/items/i", "decided", headers: ("If-Match", answer.Headers.ETag!.Tag)).AssertStatusAsync(204);
        foreach (var sidecar in new[] { left, right })
            await Until.HoldsAsync(async () =>
            {
                using var read = await sidecar.Http.GetAsync("/v1/sessions/s/items/i");
                var seen = await read.Content.ReadAsStringAsync();
                return seen == "decided" ? null : seen;
            });
    }

    /// <summary>What there is to choose between, and what decides, stands in what the command says.</summary>
    private static async Task IsToldAsync(RunningSidecar sidecar, string tag)
    {
        string[] retrieve = ["storage", "retrieve", "s", "--item", "i", "--url", sidecar.Host.Api.ToString()];
        var (code, _, error) = await SidecarExecutable.RunAsync(retrieve);
        Assert.Equal(1, code);
        Assert.Contains($"ETag: {tag}. Versions: [", error, StringComparison.Ordinal);
        Assert.Contains("""{"by":"left"}""", error, StringComparison.Ordinal);

        using var told = JsonDocument.Parse((await SidecarExecutable.RunAsync([.. retrieve, "--output", "json"])).Error);
        var problem = told.RootElement.GetProperty("error").GetProperty("problem");
        Assert.Equal((tag, 2), (problem.GetProperty("etag").GetString(), problem.GetProperty("versions").GetArrayLength()));
    }

    [Theory]
    [InlineData("PUT", "/v1/sessions/s/items/i", "application/vnd.tieroperator.conflict+json", "{}")]
    [InlineData("PUT", "/v1/sessions/s", "application/json", """{"i":{"$contentType":"application/vnd.tieroperator.conflict+json","$base64":"e30="}}""")]
    [InlineData("POST", "/v1/batch", "application/json", """{"operations":[{"op":"put","session":"s","item":"i","contentType":"application/vnd.tieroperator.conflict+json","value":{}}]}""")]
    public async Task Write_WithTheConflictsOwnType_IsRefused(string method, string path, string type, string body)
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, new MediaTypeHeaderValue(type)) };

        await sidecar.Http.SendAsync(request).AssertStatusAsync(400);
    }
}
