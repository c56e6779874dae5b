using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// The power goes while a sidecar writes to all four tiers, and a real Redis or PostgreSQL is killed in the same round: what was not synced is gone
/// from the disk, or torn in the middle. What was acknowledged at its level is there afterwards, and what was deleted is not; in the end a sidecar with
/// no data of its own finds the same in the shared tiers.
/// </summary>
[Trait("Category", "Soak")]
public sealed class PowerCutTests(SharedServers servers, ITestOutputHelper output) : IClassFixture<SharedServers>
{
    private const int Writers = 3;

    private static int Rounds => Environment.GetEnvironmentVariable("TIER_SOAK") == "1" ? 60 : 4;

    [Theory]
    [InlineData("write: Behind, ack: Disk")]
    [InlineData("write: Through, ack: Disk")]
    [InlineData("write: Through, ack: Postgres")]
    [InlineData("write: Around, ack: All")]
    public async Task PowerCut_WithServersKilled_LosesNothingAcknowledgedAndRevivesNothingDeleted(string rule)
    {
        var random = Seeded();
        var (here, disk) = (servers.Anew(), new PowerCutDisk());
        await ReviveAsync();
        var writers = Enumerable.Range(0, Writers).Select(number => new PowerCutWriter(number, random.Next())).ToList();
        for (var round = 0; round < Rounds; round++)
        {
            var kill = random.Next(3);
            disk = await RunUntilCutAsync(disk, rule, new Cut(random.Next(40, 250), KillAsync), writers);
            await ReviveAsync();
            disk = disk.PowerOn(random.Next(3) == 0 ? null : random.Next());
            await CheckAsync(disk, rule, writers, $"round {round}");
            output.WriteLine($"round {round}: {writers.Sum(static writer => writer.Acknowledged)} acknowledged");

            Task KillAsync() => kill switch
            {
                0 => Task.Run(here.Redis.Kill),
                1 => here.Postgres.KillAsync(),
                _ => Task.CompletedTask,
            };
        }

        await CheckAsync(new PowerCutDisk(), rule, writers, "from the shared tiers alone");
        Assert.True(writers.Sum(static writer => writer.Acknowledged) > Rounds, "hardly anything was acknowledged");
    }

    [Fact]
    public async Task PowerCut_WithSyncsIgnored_IsNoticed()
    {
        var random = Seeded();
        var (noticed, rule) = (false, "write: Behind, ack: Disk");
        servers.Anew();
        await ReviveAsync();
        for (var round = 0; round < 10 && !noticed; round++)
        {
            var disk = new PowerCutDisk { IgnoreSyncs = true };
            var writer = new PowerCutWriter(round, random.Next());
            disk = await RunUntilCutAsync(disk, rule, new Cut(100, static () => Task.CompletedTask), [writer]);
            await using var pod = Open(disk.PowerOn(), rule);
            await SettleAsync(pod, "after the cut");
            noticed = await writer.DifferenceAsync(pod.Engine) is not null;
        }

        Assert.True(noticed, "The check cannot fail, so it proves nothing.");
    }

    /// <summary>Writes until the disk dies at the cut's call; a server goes half-way there. Nothing leaves the sidecar after its power has gone.</summary>
    private async Task<PowerCutDisk> RunUntilCutAsync(PowerCutDisk disk, string rule, Cut cut, List<PowerCutWriter> writers)
    {
        using var stop = new CancellationTokenSource();
        await using var pod = Open(disk, rule);
        await SettleAsync(pod, "before the cut");
        var killAt = disk.Calls + (cut.InCalls / 2);
        disk.WhenCut = () =>
        {
            (pod.ToRedis.IsShut, pod.ToPostgres.IsShut) = (true, true);
            stop.Cancel();
        };
        disk.CutAtCall = disk.Calls + cut.InCalls;
        var work = writers.Select(writer => Task.Run(() => writer.WriteAsync(pod.Engine, stop.Token))).ToList();
        await Eventually.HoldsAsync(() => disk.Calls >= killAt, () => $"{disk.Calls} calls");
        await cut.KillAsync();
        await Eventually.HoldsAsync(() => stop.IsCancellationRequested, () => $"{disk.Calls} calls of {disk.CutAtCall}");
        await Task.WhenAll(work);
        return disk;
    }

    private async Task ReviveAsync()
    {
        if (!servers.Redis.IsRunning) await servers.Redis.RestartAsync();
        if (!servers.Postgres.IsRunning) await servers.Postgres.StartAgainAsync();
    }

    private async Task CheckAsync(PowerCutDisk disk, string rule, List<PowerCutWriter> writers, string when)
    {
        await using var pod = Open(disk, rule);
        await SettleAsync(pod, when);
        foreach (var writer in writers)
            if (await writer.DifferenceAsync(pod.Engine) is { } difference) Assert.Fail($"{when}: {difference}");
    }

    private RealSidecar Open(PowerCutDisk disk, string rule) => new(servers, 1, TimeSpan.Zero, rule, disk: disk);

    /// <summary>All tiers are well, have heard of everything, and announcements arrive: what is read from here on has been compared.</summary>
    private static Task SettleAsync(RealSidecar pod, string when) => Eventually.HoldsAsync(
        () => pod.IsSettled && pod.Engine.Status().Backplane == "tracking", () => $"{when}: {pod.Engine.Status().Backplane} {string.Join('\n', pod.Engine.Status().Tiers)}");

    private Random Seeded()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    /// <summary>When the power goes, and what else does half-way there.</summary>
    private sealed record Cut(int InCalls, Func<Task> KillAsync);
}
