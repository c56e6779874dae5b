using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A sidecar writes to a real PostgreSQL while it cannot reach the real Redis, and is gone for good, its data folder too.</summary>
public sealed class RealUnheardTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const string Rule = "write: Through, ack: Postgres";

    [Fact]
    public async Task RedisFrozen_WriterGone_OthersReadTheNewerOnceItAnswersAgain()
    {
        servers.Anew();
        await using var reader = await StartAsync(2);
        try
        {
            await using var gone = await StartAsync(1);
            await WriteBeforeAsync(gone);
            servers.Redis.Freeze();
            await IsAwayAsync(gone);
            await ChangeAsync(gone);
        }
        finally
        {
            servers.Redis.Thaw();
        }

        await ReadsTheNewerAsync(reader);
        await using var fresh = await StartAsync(3);
        await ReadsTheNewerAsync(fresh);
    }

    [Fact]
    public async Task CutOffFromRedisAlone_OthersReadTheNewerBeforeItIsBack()
    {
        servers.Anew();
        await using var reader = await StartAsync(2);
        await using var cut = await StartAsync(1);
        await WriteBeforeAsync(cut);
        Assert.Equal("old", await reader.KnownAsync("written", "a"));
        cut.ToRedis.IsShut = true;
        await IsAwayAsync(cut);

        await ChangeAsync(cut);

        await ReadsTheNewerAsync(reader);
        Assert.False(cut.IsSettled);
    }

    private async Task<RealSidecar> StartAsync(uint node)
    {
        var sidecar = new RealSidecar(servers, node, TimeSpan.Zero, Rule);
        await sidecar.SettledAsync();
        return sidecar;
    }

    private static async Task WriteBeforeAsync(RealSidecar pod)
    {
        foreach (var session in new[] { "written", "replaced", "deleted" })
        {
            await pod.PutAsync(session, "a", "old");
            await pod.PutAsync(session, "b", "old");
        }

        await pod.SettledAsync();
    }

    private static Task IsAwayAsync(RealSidecar pod) => Eventually.HoldsAsync(
        async () =>
        {
            await pod.ValueAsync("nobody", "a"); // a tier is found away when it is asked
            return !pod.Engine.Shared!.Of(TierSet.Redis)!.Link.CanWrite;
        },
        () => string.Join('\n', pod.Engine.Status().Tiers));

    private static async Task ChangeAsync(RealSidecar pod)
    {
        var put = await pod.PutAsync("written", "a", "new");
        var replaced = await pod.Engine.ReplaceSessionAsync("replaced"u8.ToArray(), [new("a"u8.ToArray(), "text/plain", Values.ItemValue.From("new"u8.ToArray()))], default, CancellationToken.None);
        var deleted = await pod.DeleteAsync("deleted");
        Assert.All([put, replaced, deleted], static outcome => Assert.True(outcome.Acked.HasFlag(TierSet.Postgres), outcome.ToString()));
    }

    private static async Task ReadsTheNewerAsync(RealSidecar pod)
    {
        const string expected = "new old new - - -";
        var seen = "";
        await Eventually.HoldsAsync(async () => (seen = await ViewAsync(pod)) == expected, () => seen);
    }

    private static async Task<string> ViewAsync(RealSidecar pod)
    {
        var view = new List<string>();
        foreach (var session in new[] { "written", "replaced", "deleted" })
            foreach (var item in new[] { "a", "b" }) view.Add(await pod.ValueAsync(session, item));
        return string.Join(' ', view);
    }
}
