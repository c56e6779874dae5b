using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class SessionCallTests
{
    private const string Path = "/v1/sessions/s";
    private const string Json = "application/json";

    [Fact]
    public async Task Document_OfAnyItems_RoundTrips()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        const string document = """{"a":null,"b":{"$contentType":"image/png","$base64":"AAEC/w=="},"c":"é\u0001","n":1.50,"o":{"x":[1,2]}}""";

        await sidecar.PutAsync(Path, document, Json).AssertStatusAsync(201);

        Assert.Equal([0, 1, 2, 255], await sidecar.Http.GetByteArrayAsync(Path + "/items/b"));
        Assert.Equal("1.50", await sidecar.Http.GetStringAsync(Path + "/items/n"));
        AssertSame(document, await sidecar.Http.GetStringAsync(Path));
        AssertSame("""{"a":null,"n":1.50}""", await sidecar.Http.GetStringAsync(Path + "?items=a,n,zzz"));
    }

    [Fact]
    public async Task Document_WithAnItemThatOnlyClaimsToBeJson_HasItsBytes()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        await sidecar.PutAsync(Path + "/items/broken", "{oops", Json).AssertStatusAsync(201);
        await sidecar.PutAsync(Path + "/items/tricky", """{"$base64":"AA=="}""", Json).AssertStatusAsync(201);

        var document = JsonNode.Parse(await sidecar.Http.GetStringAsync(Path))!;

        Assert.Equal("{oops", Encoding.UTF8.GetString(Convert.FromBase64String((string)document["broken"]!["$base64"]!)));
        Assert.Equal("""{"$base64":"AA=="}""", Encoding.UTF8.GetString(Convert.FromBase64String((string)document["tricky"]!["$base64"]!)));
    }

    [Fact]
    public async Task Document_WithLargeItems_RoundTrips()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        var bytes = new byte[1_000_001];
        new Random(1).NextBytes(bytes);
        var text = new string('x', 300_000);
        await sidecar.SendAsync(HttpMethod.Put, Path + "/items/big", new ByteArrayContent(bytes)).AssertStatusAsync(201);
        await sidecar.PutAsync(Path + "/items/text", $"\"{text}\"", Json).AssertStatusAsync(201);

        var whole = await sidecar.Http.GetStringAsync(Path);
        await sidecar.PutAsync("/v1/sessions/copy", whole, Json).AssertStatusAsync(201);

        Assert.Equal(bytes, Convert.FromBase64String((string)JsonNode.Parse(whole)!["big"]!["$base64"]!));
        Assert.Equal(bytes, await sidecar.Http.GetByteArrayAsync("/v1/sessions/copy/items/big"));
        Assert.Equal(text, (string)JsonNode.Parse(whole)!["text"]!);
    }

    [Fact]
    public async Task Put_Again_ReplacesAllMembers()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync(Path, """{"a":1,"b":2}""", Json).AssertStatusAsync(201);

        await sidecar.PutAsync(Path, """{"b":3}""", Json).AssertStatusAsync(204);

        AssertSame("""{"b":3}""", await sidecar.Http.GetStringAsync(Path));
    }

    // The examples of RFC 7396, appendix A, as far as they are about objects.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""{"x":1}""", """{"a":{"bb":{"ccc":null}}}""", """{"x":1,"a":{"bb":{}}}""")]
    [InlineData("""{"a":{"b":{"c":1,"d":2}}}""", """{"a":{"b":{"c":null,"e":{"f":3}}}}""", """{"a":{"b":{"d":2,"e":{"f":3}}}}""")]
    public async Task Patch_Document_Merges(string before, string patch, string after)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        await sidecar.PutAsync(Path, before, Json).AssertStatusAsync(201);

        await sidecar.SendAsync(HttpMethod.Patch, Path, new StringContent(patch, Encoding.UTF8, "application/merge-patch+json")).AssertStatusAsync(200);

        AssertSame(after, await sidecar.Http.GetStringAsync(Path));
    }

    [Theory]
    [InlineData("[1]", "malformed")]
    [InlineData("{", "malformed")]
    [InlineData("", "malformed")]
    [InlineData("""{"a":1,"a":2}""", "malformed")]
    [InlineData("""{"":1}""", "bad-id")]
    [InlineData("""{"a":1} x""", "malformed")]
    [InlineData("""{"\ud800":1}""", "malformed")]
    [InlineData("""{"a":{"$base64":"!"}}""", "malformed")]
    [InlineData("""{"a":{"$base64":"AA==","extra":1}}""", "malformed")]
    public async Task Put_BadDocument_IsRefusedAndNothingChanges(string document, string slug)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        await sidecar.PutAsync(Path, """{"kept":1}""", Json).AssertStatusAsync(201);

        await sidecar.PutAsync(Path, document, Json).AssertProblemAsync(400, slug);

        AssertSame("""{"kept":1}""", await sidecar.Http.GetStringAsync(Path));
    }

    [Fact]
    public async Task Put_DocumentOfBadSizeDepthOrType_IsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--max-document", "100Ki");
        var deep = new string('[', 100) + new string(']', 100);

        await sidecar.PutAsync(Path, $$"""{"a":{{deep}}}""", Json).AssertProblemAsync(400, "malformed");
        await sidecar.PutAsync(Path, $$"""{"a":"{{new string('x', 200_000)}}"}""", Json).AssertProblemAsync(413, "too-large");
        await sidecar.PutAsync(Path, $$"""{"{{new string('x', 513)}}":1}""", Json).AssertProblemAsync(400, "bad-id");
        await sidecar.PutAsync(Path, "{}").AssertProblemAsync(415, "unsupported-media-type");
        await sidecar.SendAsync(HttpMethod.Patch, Path, new StringContent("{}", Encoding.UTF8, Json)).AssertProblemAsync(415, "unsupported-media-type");
        var notText = new ByteArrayContent([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]) { Headers = { ContentType = new(Json) } };
        await sidecar.SendAsync(HttpMethod.Put, Path, notText).AssertProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task Get_Meta_TellsSizesAndTiersButNoValues()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync(Path, """{"a":"secret","b":2}""", Json, ("Tier-Subject", "user-1")).AssertStatusAsync(201);

        using var response = await sidecar.Http.GetAsync(Path + "?view=meta");

        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var meta = await response.JsonAsync();
        Assert.Equal("user-1", meta.GetProperty("subject").GetString());
        Assert.Equal(2, meta.GetProperty("items").GetArrayLength());
        Assert.Equal(["memory", "spillover"], meta.GetProperty("tiers").EnumerateArray().Select(tier => tier.GetString()!));
    }

    [Fact]
    public async Task Delete_Session_IsGoneFromEveryTier()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync(Path, """{"a":1}""", Json).AssertStatusAsync(201);

        await sidecar.SendAsync(HttpMethod.Delete, Path).AssertStatusAsync(204);

        await sidecar.Http.GetAsync(Path).AssertProblemAsync(404, "not-found");
        await sidecar.Http.GetAsync(Path + "/items/a").AssertProblemAsync(404, "not-found");
        await sidecar.SendAsync(HttpMethod.Delete, Path).AssertStatusAsync(204);
    }

    private static void AssertSame(string expected, string actual)
        => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"wanted {expected}, got {actual}");
}
