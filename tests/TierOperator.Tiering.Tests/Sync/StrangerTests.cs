using System.Text;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Redis;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Redis is changed by somebody who announces nothing, and a sidecar has a copy in memory.</summary>
public sealed class StrangerTests(SharedServers servers) : IClassFixture<SharedServers>
{
    [Fact]
    public async Task Copy_ChangedInRedisByOneWhoIsSilent_IsNotAnsweredAnyMore()
    {
        await using var sidecar = new RealSidecar(servers.Anew(), 1, TimeSpan.Zero, "write: Through, ack: All", timeoutMs: 2_000);
        await Eventually.HoldsAsync(() => sidecar.IsSettled && sidecar.Engine.Status().Backplane == "tracking", () => $"the backplane is {sidecar.Engine.Status().Backplane}");
        await sidecar.PutAsync("s", "i", "one");
        await sidecar.SettledAsync();
        Assert.Equal("one", await sidecar.KnownAsync("s", "i"));

        await using var silent = await RedisTiers.OpenHealthyAsync(servers.Redis.Url, RedisTiers.Options() with { Namespace = "real", Policy = servers.Policy, Node = 9 }, static options => options with { Announces = false });
        var key = Encoding.UTF8.GetBytes("s");
        var held = (await silent.ReadSessionAsync(key, default)).Session!;
        var version = new ItemVersion(held.Items[0].Version.Stamp + 1, 9);
        var results = await silent.ApplyAsync([new RemoteChange(key) { Header = held.Header, Puts = [held.Items[0] with { Version = version, Value = new(Encoding.UTF8.GetBytes("two")) }], Newest = version, ExpiresMs = held.Header.DeadlineMs }], default);

        Assert.Equal(RemoteStatus.Applied, results[0].Status);
        await Eventually.HoldsAsync(async () => await sidecar.ValueAsync("s", "i") == "two", () => "the old copy is still answered");
    }

    [Fact]
    public async Task Copy_RemovedFromRedisByHand_IsStillThere()
    {
        await using var sidecar = new RealSidecar(servers.Anew(), 1, TimeSpan.Zero, "write: Through, ack: All", timeoutMs: 2_000);
        await Eventually.HoldsAsync(() => sidecar.IsSettled && sidecar.Engine.Status().Backplane == "tracking", () => $"the backplane is {sidecar.Engine.Status().Backplane}");
        await sidecar.PutAsync("s", "i", "one");
        await sidecar.SettledAsync();

        await servers.Redis.RunAsync("DEL", $"tier:real/{servers.Policy}:s:{{:s}}");

        await Eventually.HoldsAsync(() => sidecar.Engine.Announced >= 1, () => $"{sidecar.Engine.Announced} changes were heard of");
        Assert.Equal("one", await sidecar.KnownAsync("s", "i"));
    }
}
