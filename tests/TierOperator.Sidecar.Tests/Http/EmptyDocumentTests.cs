using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

/// <summary>
/// RFC 7396 merges into an absent document as into an empty one, so the result is a document, be it <c>{}</c>: PUT and
/// PATCH leave the same session behind.
/// </summary>
public sealed class EmptyDocumentTests
{
    [Theory]
    [InlineData("PUT", "{}", 201)]
    [InlineData("PATCH", "{}", 200)]
    [InlineData("PATCH", """{"a":null}""", 200)]
    public async Task Document_EmptyOnAbsentSession_MakesAnEmptySession(string method, string body, int status)
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        await SendAsync(sidecar, method, body).AssertStatusAsync(status);

        Assert.Equal("{}", await sidecar.Http.GetStringAsync("/v1/sessions/s"));
        using var listed = await sidecar.Http.GetAsync("/v1/sessions");
        Assert.Equal(1, (await listed.JsonAsync()).GetProperty("sessions").GetArrayLength());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"a":null}""")]
    public async Task Patch_OnAbsentSession_ObeysIfMatch(string body)
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        await SendAsync(sidecar, "PATCH", body, ("If-Match", "*")).AssertProblemAsync(412, "precondition-failed");

        await sidecar.Http.GetAsync("/v1/sessions/s").AssertStatusAsync(404);
    }

    [Fact]
    public async Task Patch_OfNothing_LeavesTheItemsAndTheirTag()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await SendAsync(sidecar, "PUT", """{"a":1}""").AssertStatusAsync(201);
        using var before = await sidecar.Http.GetAsync("/v1/sessions/s");

        await SendAsync(sidecar, "PATCH", "{}").AssertStatusAsync(200);
        await SendAsync(sidecar, "PATCH", """{"b":null}""").AssertStatusAsync(200);

        using var after = await sidecar.Http.GetAsync("/v1/sessions/s");
        Assert.Equal(before.Header("ETag"), after.Header("ETag"));
        Assert.Equal("""{"a":1}""", await after.Content.ReadAsStringAsync());
    }

    private static Task<HttpResponseMessage> SendAsync(RunningSidecar sidecar, string method, string body, params (string Name, string Value)[] headers)
        => sidecar.SendAsync(new HttpMethod(method), "/v1/sessions/s",
            new StringContent(body, System.Text.Encoding.UTF8, method == "PUT" ? "application/json" : "application/merge-patch+json"), headers);
}
