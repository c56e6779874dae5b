using System.Globalization;
using System.Text;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Reads move a session's end in Redis itself, though memory answers them, and no more often than an eighth of the shortest time.</summary>
public sealed class TouchTests(SharedServers servers) : IClassFixture<SharedServers>
{
    /// <summary>What the test takes from the key's time, so that a renewal shows: Redis' own clock stands still for a test's purposes.</summary>
    private const long Shortened = 100_000;
    
    /// <summary>The strategy's, which is shorter than the tier's.</summary>
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Reads_SlideTheKeysOwnEnd_AtMostOnceAnEighth()
    {
        await using var pod = new RealSidecar(servers.Anew(), 1, TimeSpan.Zero, "write: Through, ack: Disk");
        await pod.SettledAsync();
        await pod.PutAsync("s", "i", "v");
        await pod.SettledAsync();
        Assert.InRange(await LeftAsync(), (long)s_ttl.TotalMilliseconds / 2, (long)s_ttl.TotalMilliseconds);
        await servers.Redis.RunAsync("PEXPIRE", Key, Shortened.ToString(CultureInfo.InvariantCulture));

        await ReadAfterAsync(pod, s_ttl / 8 / 2);
        var tooSoon = await LeftAsync();
        await ReadAfterAsync(pod, s_ttl / 8);
        var inTime = await LeftAsync();

        Assert.InRange(tooSoon, 1, Shortened);
        Assert.InRange(inTime, (long)s_ttl.TotalMilliseconds / 2, (long)s_ttl.TotalMilliseconds);
    }

    [Fact]
    public async Task Reads_OfASessionWithAnEndOfItsOwn_DoNotMoveIt()
    {
        await using var pod = new RealSidecar(servers.Anew(), 1, TimeSpan.Zero, "write: Through, ack: Disk");
        await pod.SettledAsync();
        await pod.Engine.PutAsync(
            Encoding.UTF8.GetBytes("s"), new Tiering.Engine.ItemWrite("i"u8.ToArray(), "text/plain", Values.ItemValue.From("v"u8.ToArray())),
            new Tiering.Engine.WriteOptions { Ttl = TimeSpan.FromMinutes(10) }, CancellationToken.None);
        await pod.SettledAsync();

        await ReadAfterAsync(pod, TimeSpan.FromMinutes(4));

        Assert.InRange(await LeftAsync(), 1, (long)TimeSpan.FromMinutes(6).TotalMilliseconds + 5_000);
    }

    private string Key => $"tier:real/{servers.Policy}:s:{{:s}}";

    private async Task<long> LeftAsync() => long.Parse(await servers.Redis.RunAsync("PTTL", Key), CultureInfo.InvariantCulture);

    /// <summary>Reads when so much time has passed, and has everything told that is due.</summary>
    private static async Task ReadAfterAsync(RealSidecar pod, TimeSpan passed)
    {
        pod.Time.Advance(passed);
        Assert.Equal("v", await pod.ValueAsync("s", "i"));
        await pod.Engine.SweepOnceAsync(MemoryTier.ShardCount);
        await pod.Engine.FlushAsync(CancellationToken.None);
        await pod.SettledAsync();
    }
}
