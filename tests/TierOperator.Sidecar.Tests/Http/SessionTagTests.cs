using System.Net;
using System.Net.Http.Headers;
using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class SessionTagTests
{
    [Fact]
    public async Task Tag_AfterAnItemIsRemoved_IsNewAndMatches()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/a", "1");
        await sidecar.PutAsync("/v1/sessions/s/items/b", "2");
        var before = (await sidecar.Http.GetAsync("/v1/sessions/s")).Headers.ETag;

        await sidecar.Http.DeleteAsync("/v1/sessions/s/items/a");
        var after = (await sidecar.Http.GetAsync("/v1/sessions/s")).Headers.ETag;
        using var patch = new HttpRequestMessage(HttpMethod.Patch, "/v1/sessions/s")
        {
            Content = new StringContent("{\"c\":3}", Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json")),
        };
        patch.Headers.IfMatch.Add(after!);
        var patched = await sidecar.Http.SendAsync(patch);

        Assert.NotEqual(before, after);
        Assert.Equal(HttpStatusCode.OK, patched.StatusCode);
    }

    [Fact]
    public async Task Patch_HalfASurrogateInside_IsMalformed()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s", "{\"x\":{\"y\":1}}");

        using var content = new StringContent("{\"x\":{\"y\":\"\\ud800\"}}", Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json"));
        var answer = await sidecar.Http.PatchAsync("/v1/sessions/s", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }
}
