using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class ItemCallTests
{
    private const string Path = "/v1/sessions/chat%3A1/items/note";

    [Theory]
    [InlineData("1001y", "1000y")]
    [InlineData("99999999999999999999d", "1000y")]
    [InlineData("0s", "above zero")]
    [InlineData("soon", "such as 90s")]
    public async Task Put_TtlThatCannotBe_IsToldWhatToWrite(string ttl, string told)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var detail = await sidecar.PutAsync("/v1/sessions/s/items/i", "x", "text/plain", ("Tier-TTL", ttl)).AssertProblemAsync(400, "malformed");

        Assert.Contains(told, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_NewThenAgain_Is201Then204WithVersions()
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        using var first = await sidecar.PutAsync(Path, "one");
        using var second = await sidecar.PutAsync(Path, "two");

        Assert.Equal((201, 204), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.NotEqual(first.Header("ETag"), second.Header("ETag"));
        Assert.Equal("memory, spillover", first.Header("Tier-Acked"));
        Assert.Equal("chats", first.Header("Tier-Rule"));
    }

    [Fact]
    public async Task Get_AfterPut_GivesBytesTypeAndHeaders()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        using var put = await sidecar.PutAsync(Path, "héllo");

        using var got = await sidecar.Http.GetAsync(Path);
        using var head = await sidecar.SendAsync(HttpMethod.Head, Path);

        Assert.Equal("héllo", await got.Content.ReadAsStringAsync());
        Assert.Equal("text/plain; charset=utf-8", got.Content.Headers.ContentType?.ToString());
        Assert.Equal((put.Header("ETag"), "memory", "chats"), (got.Header("ETag"), got.Header("Tier-Source"), got.Header("Tier-Rule")));
        Assert.InRange(got.Headers.Age!.Value.TotalSeconds, 0, 5);
        Assert.Equal((6L, put.Header("ETag")), (head.Content.Headers.ContentLength, head.Header("ETag")));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Get_WithItsTag_Is304OnBothWays()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        using var put = await sidecar.PutAsync(Path, "hello");
        var tag = put.Header("ETag")!;

        await sidecar.SendAsync(HttpMethod.Get, Path, null, ("If-None-Match", tag)).AssertStatusAsync(304);
        await sidecar.SendAsync(HttpMethod.Get, Path, null, ("If-None-Match", tag), ("Origin", "http://localhost")).AssertStatusAsync(304);
        await sidecar.SendAsync(HttpMethod.Get, Path, null, ("If-None-Match", "\"other\"")).AssertStatusAsync(200);
    }

    [Fact]
    public async Task Delete_Twice_Is204BothTimes()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync(Path, "hello").AssertStatusAsync(201);

        await sidecar.SendAsync(HttpMethod.Delete, Path).AssertStatusAsync(204);
        await sidecar.SendAsync(HttpMethod.Delete, Path).AssertStatusAsync(204);
        await sidecar.Http.GetAsync(Path).AssertProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task ConditionalWrites_HoldOrAre412()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        using var put = await sidecar.PutAsync(Path, "one", "text/plain", ("If-None-Match", "*"));
        var tag = put.Header("ETag")!;

        await sidecar.PutAsync(Path, "two", "text/plain", ("If-None-Match", "*")).AssertProblemAsync(412, "precondition-failed");
        await sidecar.PutAsync(Path, "two", "text/plain", ("If-Match", "\"000000000000000000000001\"")).AssertProblemAsync(412, "precondition-failed");
        await sidecar.PutAsync(Path, "two", "text/plain", ("If-Match", tag)).AssertStatusAsync(204);
        await sidecar.SendAsync(HttpMethod.Delete, Path, null, ("If-Match", tag)).AssertProblemAsync(412, "precondition-failed");
        Assert.Equal("two", await sidecar.Http.GetStringAsync(Path));
    }

    [Fact]
    public async Task Get_AfterEviction_ComesFromDiskThenMemory()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync(Path, "hello").AssertStatusAsync(201);
        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/chat%3A1/evict").AssertStatusAsync(200);

        using var cold = await sidecar.Http.GetAsync(Path);
        using var warm = await sidecar.Http.GetAsync(Path);

        Assert.Equal("hello", await cold.Content.ReadAsStringAsync());
        Assert.Equal(("spillover", "memory"), (cold.Header("Tier-Source"), warm.Header("Tier-Source")));
    }

    [Fact]
    public async Task Put_EmptyBody_IsAnEmptyItem()
    {
        await using var sidecar = await RunningSidecar.StartAsync();

        await sidecar.SendAsync(HttpMethod.Put, Path).AssertStatusAsync(201);

        Assert.Empty(await sidecar.Http.GetByteArrayAsync(Path));
    }

    [Fact]
    public async Task Put_MoreItemsThanThePolicyTakes_Is422()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        for (var i = 0; i < 100; i++) await sidecar.PutAsync($"/v1/sessions/full/items/{i}", "x").AssertStatusAsync(201);

        await sidecar.PutAsync("/v1/sessions/full/items/100", "x").AssertProblemAsync(422, "against-policy");
    }

    [Fact]
    public async Task Put_Strategy_MustBeDeclared()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var detail = await sidecar.PutAsync(Path, "x", "text/plain", ("Tier-Strategy", "Nope")).AssertProblemAsync(400, "unknown-strategy");

        Assert.Contains("CriticalOnly", detail, StringComparison.Ordinal);
        await sidecar.PutAsync(Path, "x", "text/plain", ("Tier-Strategy", "WithContext")).AssertStatusAsync(201);
    }

    [Fact]
    public async Task Put_Ttl_SetsTheDeadlineOrIsRefused()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        foreach (var bad in new[] { "soon", "0s", "1.5h", "-1s" })
            await sidecar.PutAsync(Path, "x", "text/plain", ("Tier-TTL", bad)).AssertProblemAsync(400, "malformed");
        await sidecar.PutAsync(Path, "x", "text/plain", ("Tier-TTL", "90s")).AssertStatusAsync(201);

        using var response = await sidecar.Http.GetAsync("/v1/sessions/chat%3A1?view=meta");

        var meta = await response.JsonAsync();
        Assert.True(meta.GetProperty("explicitDeadline").GetBoolean());
        Assert.InRange((meta.GetProperty("deadline").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).TotalSeconds, 60, 91);
    }

    [Fact]
    public async Task Ids_OfAnyUtf8_ComeBackAsTheyWere()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var id = Uri.EscapeDataString("a/b?c#d%e f\u20AC\U0001F600");

        await sidecar.PutAsync($"/v1/sessions/{id}/items/{id}", "x").AssertStatusAsync(201);

        Assert.Equal("x", await sidecar.Http.GetStringAsync($"/v1/sessions/{id}/items/{id}"));
        using var list = await sidecar.Http.GetAsync("/v1/sessions");
        Assert.Equal(Uri.UnescapeDataString(id), (await list.JsonAsync()).GetProperty("sessions")[0].GetProperty("session").GetString());
    }

    [Fact]
    public async Task Get_ManyAtOnce_EachGetsItsOwnBytes()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        static string Value(int i) => new((char)('a' + (i % 26)), 1000 + i);
        for (var i = 0; i < 50; i++) await sidecar.PutAsync($"/v1/sessions/s/items/{i}", Value(i)).AssertStatusAsync(201);

        var reads = Enumerable.Range(0, 1000).Select(async n => await sidecar.Http.GetStringAsync($"/v1/sessions/s/items/{n % 50}") == Value(n % 50));

        Assert.All(await Task.WhenAll(reads), Assert.True);
    }
}
