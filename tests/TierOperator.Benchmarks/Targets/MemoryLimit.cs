using System.Net;
using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The most memory that a sidecar ever has resident while its capacity is filled several times over.</summary>
internal sealed class MemoryLimit : ITarget
{
    private const long Mebi = 1024 * 1024;
    private const long Capacity = 256 * Mebi;
    private const int Uploads = 32;
    private const long UploadBytes = 64 * Mebi;

    // What a small item costs beside its value: its keys, its session, its places in the indexes.
    private const int OverheadBytes = 192;

    public string Name => "memory";
    public string Description => "peak resident memory: 256Mi filled ten times by 1 KiB items, by 64-byte items, and 32 uploads of 64 MiB";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var times = quick ? 0.1 : 10;
        return
        [
            await PeakAsync("1 KiB items", url => FillAsync(url, (long)(times * Capacity) / 1024, 1024, cancellation), cancellation),
            await PeakAsync("64-byte items", url => FillAsync(url, (long)(times * Capacity) / (64 + OverheadBytes), 64, cancellation), cancellation),
            await PeakAsync("32 uploads of 64 MiB", url => UploadAsync(url, cancellation), cancellation),
        ];
    }

    // A sidecar for each: the kernel's peak mark covers a whole life.
    private async Task<Measurement> PeakAsync(string what, Func<Uri, Task> load, CancellationToken cancellation)
    {
        using var folder = new WorkFolder();
        await using var sidecar = await SidecarProcess.StartAsync(folder, new BenchPolicy { Ack = "Memory" }, cancellation);
        await load(sidecar.Api);
        var peak = ProcessFigures.PeakResidentBytes(sidecar.Id) / (double)Mebi;
        return new Measurement(Name, "peak resident, " + what, peak, "MiB").AtMost(((1.3 * Capacity) + (80 * Mebi)) / Mebi);
    }

    private Task<LoadResult> FillAsync(Uri url, long items, int bytes, CancellationToken cancellation) =>
        Drive.FillAsync($"{Name}: {items:N0} items of {bytes} bytes", url, items, bytes, "s", cancellation);

    private async Task UploadAsync(Uri url, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        long done = 0;
        await using var progress = new ProgressLine($"{Name}: uploads", () => Volatile.Read(ref done), Uploads);
        await Task.WhenAll(Enumerable.Range(0, Uploads).Select(async index =>
        {
            await UploadOneAsync(client, new Uri(url, $"/v1/sessions/upload-{index}/items/value"), cancellation);
            Interlocked.Increment(ref done);
        }));
    }

    // The budget for bodies under way may refuse an upload for now (429): then it is sent again.
    private static async Task UploadOneAsync(HttpClient client, Uri url, CancellationToken cancellation)
    {
        while (true)
        {
            using var body = new RandomContent(UploadBytes);
            using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = body };
            request.Headers.ExpectContinue = true;
            using var answer = await client.SendAsync(request, cancellation);
            if (answer.IsSuccessStatusCode) return;
            if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) answer.EnsureSuccessStatusCode();
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromMilliseconds(200), cancellation);
        }
    }
}
