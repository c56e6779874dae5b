using TierOperator.Tiering.Redis;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Tests.Redis;

public sealed class RedisEndpointUrlTests
{
    [Theory]
    [InlineData("redis://localhost", "Standalone localhost:6379", null, null, 0)]
    [InlineData("redis://:pw@cache.shop.svc:7000/3", "Standalone cache.shop.svc:7000", null, "pw", 3)]
    [InlineData("rediss://app:p%40ss%2Fword@h:1/?db=2", "Standalone h:1 (TLS)", "app", "p@ss/word", 2)]
    [InlineData("redis://app:a@b@h", "Standalone h:6379", "app", "a@b", 0)]
    [InlineData("redis://[::1]:7000", "Standalone [::1]:7000", null, null, 0)]
    [InlineData(" REDIS://h \n", "Standalone h:6379", null, null, 0)]
    [InlineData("redis+sentinel://u:pw@a,b:1/main/4", "Sentinel a:26379,b:1/main", "u", "pw", 4)]
    [InlineData("rediss+sentinel://a/main?sentinel_user=s&sentinel_password=t", "Sentinel a:26379/main (TLS)", null, null, 0)]
    public void TryParse_UsualForm_IsRead(string url, string text, string? user, string? password, int database)
    {
        var isRead = RedisEndpointUrl.TryParse(url, null, out var endpoint, out var error);

        Assert.True(isRead, error);
        Assert.Equal(text, endpoint.ToString());
        Assert.Equal((user, password, database), (endpoint.User, endpoint.Password, endpoint.Database));
    }

    [Fact]
    public void TryParse_ClusterOfThePolicy_TakesSeveralHosts()
    {
        Assert.True(RedisEndpointUrl.TryParse("redis://a:1,b:2", RedisTopologyKind.Cluster, out var endpoint, out _));

        Assert.Equal([new RedisAddress("a", 1), new RedisAddress("b", 2)], endpoint.Addresses);
    }

    [Theory]
    [InlineData("", null, "no scheme")]
    [InlineData("localhost:6379", null, "no scheme")]
    [InlineData("http://u:hunter2@h", null, "scheme is not known")]
    [InlineData("redis://", null, "no host")]
    [InlineData("redis://u:hunter2@", null, "no host")]
    [InlineData("redis://hunter2@h", null, "a user and no password")]
    [InlineData("redis://u:@h", null, "password is empty")]
    [InlineData("redis://u:hunter2@h:port", null, "port is not a number")]
    [InlineData("redis://u:hunter2@h:70000", null, "port is not a number")]
    [InlineData("redis://u:hun/ter2@h", null, "percent-encoded")]
    [InlineData("redis://:hun/ter2@h", null, "percent-encoded")]
    [InlineData("redis://:hunter2/@h", null, "percent-encoded")]
    [InlineData("redis://h/x", null, "database is not a number")]
    [InlineData("redis://h/1/2", null, "too many parts")]
    [InlineData("redis://a,b", null, "several hosts")]
    [InlineData("redis://[::1", null, "not closed")]
    [InlineData("redis://h?color=red", null, "option that is not known")]
    [InlineData("redis+sentinel://h", null, "no service")]
    [InlineData("redis+sentinel://h/main", RedisTopologyKind.Cluster, "scheme says Sentinel")]
    [InlineData("redis://h", RedisTopologyKind.Sentinel, "topology says Sentinel")]
    [InlineData("redis://h/1", RedisTopologyKind.Cluster, "database 0 only")]
    public void TryParse_Malformed_SaysWhatIsWrongAndNoSecret(string url, RedisTopologyKind? topology, string reason)
    {
        var isRead = RedisEndpointUrl.TryParse(url, topology, out _, out var error);

        Assert.False(isRead);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_EndpointWithPassword_DoesNotShowIt()
    {
        Assert.True(RedisEndpointUrl.TryParse("redis+sentinel://u:hunter2@h/main?sentinel_password=hunter2", null, out var endpoint, out _));

        Assert.DoesNotContain("hunter2", endpoint.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("123456789", 12739)]
    [InlineData("foo{bar}baz", 5061)]
    [InlineData("bar", 5061)]
    [InlineData("{}bar", 0)]
    public void Slot_OfAKey_IsTheSpecifications(string key, int slot)
    {
        var found = RedisSlot.Of(System.Text.Encoding.ASCII.GetBytes(key));

        if (slot > 0) Assert.Equal(slot, found);
        else Assert.NotEqual(RedisSlot.Of("bar"u8), found);
    }

    [Theory]
    [InlineData("chat:1")]
    [InlineData("")]
    [InlineData("}")]
    [InlineData("{}")]
    [InlineData("a}b")]
    public void Keys_OfOneSession_ShareASlot(string session)
    {
        var (keys, bytes) = (new RedisKeys("shop", "chat"), System.Text.Encoding.UTF8.GetBytes(session));

        Assert.Equal(RedisKeys.Slot(keys.Session(bytes)), RedisKeys.Slot(keys.Tombstone(bytes)));
        Assert.True(keys.TryReadSession(keys.Session(bytes), out var back));
        Assert.Equal(bytes, back);
    }

    [Fact]
    public void Keys_OfManySessions_SpreadOverTheSlots()
    {
        var keys = new RedisKeys("shop", "chat");

        var slots = Enumerable.Range(0, 2000).Select(number => RedisKeys.Slot(keys.Session(System.Text.Encoding.UTF8.GetBytes($"chat:{number}")))).Distinct().Count();

        Assert.InRange(slots, 1700, 2000);
    }
}
