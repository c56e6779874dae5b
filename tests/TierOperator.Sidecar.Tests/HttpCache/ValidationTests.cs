using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Answers to a validation that say nothing of what is stored: RFC 9111, 4.3.4.</summary>
public sealed class ValidationTests
{
    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"b\"")]
    [InlineData("ETag: W/\"a\"", "ETag: W/\"b\"")]
    [InlineData("Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT", "ETag: \"b\"")]
    public async Task NotModified_OfAnotherRepresentation_IsNotTakenForTheStoredOne(string stored, string said)
    {
        await using var origin = new ScriptedOrigin(request => (request["If-None-Match"] ?? request["If-Modified-Since"]) is not null
            ? new OriginReply { Status = 304, Fields = ["Cache-Control: max-age=60", said] }
            : OriginReply.Of("one", "Cache-Control: no-cache", stored));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.Http.GetStringAsync("/a");
        using var second = await sidecar.Http.GetAsync("/a");

        Assert.Equal("one", await second.Content.ReadAsStringAsync());
        Assert.Contains(stored, $"ETag: {second.Headers.ETag}|Last-Modified: {second.Content.Headers.LastModified:R}", StringComparison.Ordinal);
        Assert.Equal(3, origin.Seen.Count);
    }

    [Fact]
    public async Task NotModified_OfTheSameTagWrittenWeak_IsTaken()
    {
        await using var origin = new ScriptedOrigin(request => request["If-None-Match"] is not null
            ? new OriginReply { Status = 304, Fields = ["Cache-Control: no-cache", "ETag: W/\"a\""] }
            : OriginReply.Of("one", "Cache-Control: no-cache", "ETag: \"a\""));
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.Http.GetStringAsync("/a");

        Assert.Equal("one", await sidecar.Http.GetStringAsync("/a"));
        Assert.Equal(2, origin.Seen.Count);
    }
}
