using System.Globalization;
using System.Text.Json;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>100,000 distinct responses of 1 KiB: all are cached within the policy's capacity, or the oldest have left it.</summary>
internal sealed class CacheMany : ITarget
{
    private const int Responses = 100_000;
    private const long CapacityBytes = 256L << 20, SmallBytes = 64L << 20;

    public string Name => "cache-many";
    public string Description => "100,000 distinct cached responses of 1 KiB within the policy's capacity";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var responses = quick ? Responses / 10 : Responses;
        return [.. await FillAsync("256Mi", CapacityBytes, responses, cancellation), .. await FillAsync("64Mi", SmallBytes, responses, cancellation)];
    }

    private async Task<List<Measurement>> FillAsync(string capacity, long capacityBytes, int responses, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var origin = await ReferenceServer.StartBareAsync(cancellation);
        var policy = new BenchPolicy { MemoryCapacity = capacity, SpilloverCapacity = null, Routes = CacheHit.RouteTo(origin.Url) };
        await using var sidecar = await SidecarProcess.StartAsync(folder, policy, cancellation);
        await AskAsync(sidecar, responses, cancellation);
        var (bytes, hitsBefore) = (await UsedAsync(sidecar, cancellation), await HitsAsync(sidecar, cancellation));
        await AskAsync(sidecar, responses, cancellation);
        var hits = await HitsAsync(sidecar, cancellation) - hitsBefore;
        List<Measurement> measured =
        [
            new Measurement(Name, $"memory accounted, {responses} responses, capacity {capacity}", bytes / 1048576.0, "MiB").AtMost(capacityBytes / 1048576.0),
            new(Name, $"resident, capacity {capacity}", ProcessFigures.ResidentBytes(sidecar.Id) / 1048576.0, "MiB"),
        ];
        var share = new Measurement(Name, $"asked for again and hit, capacity {capacity}", 100.0 * hits / responses, "%");
        return [.. measured, capacityBytes == CapacityBytes ? share.AtLeast(100) : share];
    }

    private async Task AskAsync(SidecarProcess sidecar, int responses, CancellationToken cancellation)
    {
        ProgressLine.Say($"{Name}: {responses} requests");
        await Parallel.ForAsync(0, responses, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation }, async (number, token) =>
        {
            using var answer = await sidecar.Client.GetAsync(new Uri(sidecar.Api, "/many/" + number.ToString(CultureInfo.InvariantCulture)), token);
            answer.EnsureSuccessStatusCode();
        });
    }

    private static async Task<long> UsedAsync(SidecarProcess sidecar, CancellationToken cancellation)
    {
        using var status = await AskJsonAsync(sidecar, "/v1/status", cancellation);
        return status.RootElement.GetProperty("tiers").EnumerateArray().First(tier => tier.GetProperty("name").GetString() == "memory").GetProperty("usedBytes").GetInt64();
    }

    private static async Task<long> HitsAsync(SidecarProcess sidecar, CancellationToken cancellation)
    {
        using var routes = await AskJsonAsync(sidecar, "/v1/routes", cancellation);
        return routes.RootElement.GetProperty("routes")[0].GetProperty("requests").GetProperty("hit").GetInt64();
    }

    private static async Task<JsonDocument> AskJsonAsync(SidecarProcess sidecar, string path, CancellationToken cancellation)
        => JsonDocument.Parse(await sidecar.Client.GetStringAsync(new Uri(sidecar.Api, path), cancellation));
}
