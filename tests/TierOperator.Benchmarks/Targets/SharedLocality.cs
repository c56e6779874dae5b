using TierOperator.Benchmarks.Reporting;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The share of reads that memory and disk answer, where keys follow Zipf and Redis holds all of them.</summary>
internal sealed class SharedLocality : ITarget
{
    private const double Alpha = 0.99;

    public string Name => "shared-locality";
    public string Description => "the share of reads served locally: Zipf keys, memory for a tenth of the data, disk for a half, all of it in Redis";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        await using var redis = await RedisServer.StartAsync();
        var sessions = quick ? 20_000 : 200_000;
        var value = new byte[1024];
        var mebibytes = sessions / 1024;
        await using var engine = new SharedEngine("write: Behind, ack: Disk", $"{Math.Max(2, mebibytes / 10)}Mi", $"{Math.Max(8, mebibytes / 2)}Mi", redis);
        await engine.ReadyAsync(cancellation);
        for (var i = 0; i < sessions; i++)
        {
            while (await engine.PutAsync(i, value) is { Succeeded: false }) await Task.Delay(5, cancellation);
            if (i % 10_000 == 0) ProgressLine.Say($"{Name}: {i:N0} sessions written");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        await engine.Engine.FlushAsync(patience.Token);
        var (random, keys) = (new Random(1), new ZipfSampler(sessions, Alpha));
        var sources = new Dictionary<TierSet, long>();
        for (var i = -sessions; i < 2 * sessions; i++)
        {
            var read = await engine.ReadAsync(keys.Next(random));
            if (read.Status == ReadStatus.Found) read.Value.Release();
            if (i >= 0) sources[read.Source] = sources.GetValueOrDefault(read.Source) + 1;
        }

        var onDisk = engine.Engine.Status().Tiers.First(static tier => tier.Name == "spillover").Sessions;
        var inMemory = engine.Engine.Status().Tiers.First(static tier => tier.Name == "memory").Sessions;
        double all = sources.Values.Sum();
        var (memory, disk) = (sources.GetValueOrDefault(TierSet.Memory) / all, sources.GetValueOrDefault(TierSet.Spillover) / all);
        return
        [
            new(Name, "served from memory", memory, ""),
            new(Name, "served from disk", disk, ""),
            new Measurement(Name, "served locally", memory + disk, "").AtLeast(0.9),
            new(Name, "the share of the data in memory", (double)inMemory / sessions, ""),
            new(Name, "the share of the data on disk", (double)onDisk / sessions, ""),
            new(Name, "the most that so many sessions can serve, were they the most popular and none in both", keys.ShareOf(inMemory + onDisk), ""),
            new(Name, "found nowhere", sources.GetValueOrDefault(TierSet.None) / all, ""),
        ];
    }
}
