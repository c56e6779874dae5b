using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class TokenTests
{
    [Fact]
    public async Task Api_WithTokenFile_AsksForTheTokenOnEveryPath()
    {
        using var folder = new TempFolder();
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--token-file", folder.Write("token", "s3cret\n"));
        var authorization = ("Authorization", "Bearer s3cret");
        await sidecar.PutAsync("/v1/sessions/s/items/i", "x", "text/plain", authorization).AssertStatusAsync(201);

        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertProblemAsync(401, "unauthorized");
        await sidecar.Http.GetAsync("/nowhere").AssertProblemAsync(401, "unauthorized");
        await sidecar.SendAsync(HttpMethod.Get, "/v1/sessions/s/items/i", null, ("Authorization", "Bearer s3cres")).AssertProblemAsync(401, "unauthorized");
        await sidecar.SendAsync(HttpMethod.Get, "/v1/sessions/s/items/i", null, authorization).AssertStatusAsync(200);
        await sidecar.Admin.GetAsync("/metrics").AssertStatusAsync(200);
    }

    [Fact]
    public void Reload_ChangedFile_TakesTheNewTokenAndForgetsTheOld()
    {
        using var folder = new TempFolder();
        var token = BearerToken.Load(folder.Write("token", "one"));

        token.Reload(folder.Write("token", "two"));

        Assert.True(token.Accepts("bearer two"));
        Assert.False(token.Accepts("Bearer one"));
        Assert.Throws<IOException>(() => BearerToken.Load(folder.Write("token", " \n")));
    }
}
