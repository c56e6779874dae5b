using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// Writes that no disk holds, while a real server is frozen: what is answered 503 may or may not be there, but what was acknowledged before
/// stays, and a delete that has begun is carried to its end.
/// </summary>
public sealed class UnjournalledWriteTests(SharedServers servers) : IClassFixture<SharedServers>, IAsyncLifetime
{
    private const string Rule = "write: Through, ack: All, onTierFailure: Fail";
    private readonly List<RealSidecar> _sidecars = [];

    public ValueTask InitializeAsync()
    {
        servers.Anew();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        servers.Redis.Thaw();
        servers.Postgres.Thaw();
        foreach (var sidecar in _sidecars) await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Delete_OneTierFrozen_IsGoneFromBothWhenItThaws()
    {
        var pod = await StartAsync(1, Rule);
        await pod.PutAsync("s", "i", "one");

        servers.Postgres.Freeze();
        await pod.PutAsync("s", "i", "two"); // on its way to the frozen server, so that the delete waits behind it
        var deleted = await pod.DeleteAsync("s");
        servers.Postgres.Thaw();

        Assert.Equal(WriteStatus.Unavailable, deleted.Status);
        await pod.SettledAsync();
        await servers.Redis.RunAsync("FLUSHALL");
        Assert.Equal("-", await (await StartAsync(2, Rule)).KnownAsync("s", "i"));
    }

    [Fact]
    public async Task Delete_BothTiersFrozen_IsGoneFromBothWhenTheyThaw()
    {
        var pod = await StartAsync(1, Rule);
        await pod.PutAsync("s", "i", "one");

        servers.Redis.Freeze();
        servers.Postgres.Freeze();
        var put = pod.PutAsync("s", "i", "two").AsTask();
        var deleted = await pod.DeleteAsync("s");
        await put;
        var meanwhile = await pod.ValueAsync("s", "i");
        servers.Redis.Thaw();
        servers.Postgres.Thaw();

        Assert.Equal(WriteStatus.Unavailable, deleted.Status);
        Assert.NotEqual("one", meanwhile);
        await pod.SettledAsync();
        Assert.Equal("-", await pod.KnownAsync("s", "i"));
        Assert.Equal("-", await (await StartAsync(2, Rule)).KnownAsync("s", "i"));
    }

    [Fact]
    public async Task Put_ThatNobodyTook_LeavesWhatWasAcknowledgedBefore()
    {
        var pod = await StartAsync(1, "write: Around, ack: Redis");
        servers.Postgres.Freeze();
        Assert.True((await pod.PutAsync("s", "a", "one")).Succeeded); // on its way to PostgreSQL
        Assert.True((await pod.PutAsync("s", "b", "two")).Succeeded); // waits behind it
        servers.Redis.Freeze();

        var refused = await pod.PutAsync("s", "c", "three");

        servers.Redis.Thaw();
        servers.Postgres.Thaw();
        Assert.Equal(WriteStatus.Unavailable, refused.Status);
        await pod.SettledAsync();
        await servers.Redis.RunAsync("FLUSHALL");
        var other = await StartAsync(2, Rule);
        Assert.Equal("one two", $"{await other.KnownAsync("s", "a")} {await other.KnownAsync("s", "b")}");
    }

    private async Task<RealSidecar> StartAsync(uint node, string rule)
    {
        var sidecar = new RealSidecar(servers, node, TimeSpan.Zero, rule, withDisk: false, timeoutMs: 2_000);
        _sidecars.Add(sidecar);
        await sidecar.SettledAsync();
        return sidecar;
    }
}
