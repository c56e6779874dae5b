using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

/// <summary>A body with a member that the call does not take is refused: what was meant would not have happened.</summary>
public sealed class BatchInputTests
{
    [Theory]
    [InlineData("""{"op":"put","session":"s","item":"i","value":1,"ifMtach":"\"0\""}""", "did you mean \"ifMatch\"?")]
    [InlineData("""{"op":"put","session":"s","item":"i","value":1,"ifmatch":"\"0\""}""", "did you mean \"ifMatch\"?")]
    [InlineData("""{"op":"put","session":"s","item":"i","value":1,"ttl":"90s"}""", "takes op, session, item, value")]
    [InlineData("""{"op":"get","session":"s","item":"i","value":1}""", "a get takes op, session, item")]
    [InlineData("""{"op":"get","session":"s","item":"i","ifMatch":"*"}""", "a get takes op, session, item")]
    [InlineData("""{"op":"delete","session":"s","item":"i","base64":""}""", "a delete takes op, session, item, ifMatch")]
    [InlineData("""{"op":"put","session":"s","item":"i","value":1,"ifMatch":"*","ifMatch":"\"0\""}""", "\"ifMatch\" stands twice")]
    public async Task Operation_WithAMemberThatIsNotTaken_IsRefusedAndNothingIsWritten(string operation, string told)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        const string first = """{"op":"put","session":"s","item":"i","value":0}""";

        var detail = await BatchAsync(sidecar, $$"""{"operations":[{{first}},{{operation}}]}""").AssertProblemAsync(400, "malformed");

        Assert.Contains("operation 1", detail, StringComparison.Ordinal);
        Assert.Contains(told, detail, StringComparison.Ordinal);
        await sidecar.Http.GetAsync("/v1/sessions/s").AssertStatusAsync(404);
    }

    [Fact]
    public async Task Batch_WithAMisspeltMember_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var detail = await BatchAsync(sidecar, """{"operations":[{"op":"put","session":"s","item":"i","value":0}],"atmic":true}""")
            .AssertProblemAsync(400, "malformed");

        Assert.Contains("did you mean \"atomic\"?", detail, StringComparison.Ordinal);
        await sidecar.Http.GetAsync("/v1/sessions/s").AssertStatusAsync(404);
    }

    [Fact]
    public async Task Batch_ThatIsNoUtf8_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var body = Encoding.Latin1.GetBytes("""{"operations":[{"op":"put","session":"s","item":"i","value":"ÿ"}]}""");

        await sidecar.SendAsync(HttpMethod.Post, "/v1/batch", Json(body)).AssertProblemAsync(400, "malformed");
    }

    [Theory]
    [InlineData("""{"to":"memory","too":"x"}""", "did you mean \"to\"?")]
    [InlineData("""{"to":"memory","to":"spillover"}""", "\"to\" stands twice")]
    [InlineData("""{"to":"memory"} and more""", "with one of the policy's tiers")]
    [InlineData("""{"to":"\ud800"}""", "with one of the policy's tiers")]
    [InlineData("""{"\ud800":"memory"}""", "with one of the policy's tiers")]
    [InlineData("""{"to":"redis"}""", "with one of the policy's tiers")]
    [InlineData("""["memory"]""", "with one of the policy's tiers")]
    [InlineData("", "with one of the policy's tiers")]
    public async Task Migrate_WithAnotherBody_IsRefused(string body, string told)
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "x").AssertStatusAsync(201);

        var detail = await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/migrate", Json(Encoding.UTF8.GetBytes(body))).AssertProblemAsync(400, "malformed");

        Assert.Contains(told, detail, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> BatchAsync(RunningSidecar sidecar, string body)
        => sidecar.SendAsync(HttpMethod.Post, "/v1/batch", Json(Encoding.UTF8.GetBytes(body)));

    private static ByteArrayContent Json(byte[] body)
        => new(body) { Headers = { ContentType = new("application/json") } };
}
