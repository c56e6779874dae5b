using System.Text;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A memory hit over HTTP, beside a bare Kestrel endpoint that answers the same bytes; wrk drives the two in turn.</summary>
internal sealed class HttpHit : ITarget
{
    private const string Item = "/v1/sessions/s1/items/value";

    public string Name => "http-hit";
    public string Description => "memory hits over HTTP (wrk -t1 -c64), as a share of what bare Kestrel does";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy(), cancellation);
        await using var bare = await ReferenceServer.StartBareAsync(cancellation);
        var value = new byte[1024];
        new Random(1).NextBytes(value);
        using (var put = await sidecar.Client.PutAsync(new Uri(sidecar.Api, Item), new ByteArrayContent(value), cancellation))
            put.EnsureSuccessStatusCode();

        var rounds = quick ? 1 : 5;
        var duration = TimeSpan.FromSeconds(quick ? 2 : 10);
        var (ours, theirs) = (new List<Wrk>(), new List<Wrk>());
        // Round 0 warms both up: tiered compilation is done after it.
        for (var round = 0; round <= rounds; round++)
        {
            ProgressLine.Say($"{Name}: round {round} of {rounds}");
            var (reference, hit) = (await Wrk.RunAsync(new Uri(bare.Url, Item), duration, cancellation), await Wrk.RunAsync(new Uri(sidecar.Api, Item), duration, cancellation));
            if (round == 0) continue;
            theirs.Add(reference);
            ours.Add(hit);
        }

        return Judge(ours, theirs, await HeadBytesAsync(sidecar.Client, new Uri(sidecar.Api, Item), cancellation), await HeadBytesAsync(sidecar.Client, new Uri(bare.Url, Item), cancellation));
    }

    private IReadOnlyList<Measurement> Judge(List<Wrk> ours, List<Wrk> theirs, int ourHead, int theirHead)
    {
        var (oursRate, theirsRate) = (Series.Median(ours.Select(run => run.RequestsPerSecond)), Series.Median(theirs.Select(run => run.RequestsPerSecond)));
        var (oursTail, theirsTail) = (Series.Median(ours.Select(run => run.P99.TotalMilliseconds)), Series.Median(theirs.Select(run => run.P99.TotalMilliseconds)));
        return
        [
            new(Name, "sidecar", oursRate, "requests/s"),
            new(Name, "bare Kestrel", theirsRate, "requests/s"),
            new Measurement(Name, "rate, sidecar to bare", oursRate / theirsRate, "").AtLeast(0.85),
            new(Name, "sidecar p99", oursTail, "ms"),
            new(Name, "bare Kestrel p99", theirsTail, "ms"),
            new Measurement(Name, "p99, sidecar to bare", oursTail / theirsTail, "").AtMost(2),
            new(Name, "header bytes, sidecar", ourHead, "bytes"),
            new(Name, "header bytes, bare", theirHead, "bytes"),
        ];
    }

    // Shows that the comparison is of like with like.
    private static async Task<int> HeadBytesAsync(HttpClient client, Uri url, CancellationToken cancellation)
    {
        using var answer = await client.GetAsync(url, cancellation);
        return Encoding.UTF8.GetByteCount(answer.Headers.ToString()) + Encoding.UTF8.GetByteCount(answer.Content.Headers.ToString());
    }
}
