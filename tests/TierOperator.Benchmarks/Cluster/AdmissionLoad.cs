using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Benchmarks.Load;

namespace TierOperator.Benchmarks.Cluster;

/// <summary>
/// Admission reviews at a fixed rate, each counted from the moment it was due: a server that stands still is charged for all
/// that waited meanwhile.
/// </summary>
internal sealed class AdmissionLoad(OperatorProcess manager, BenchCluster cluster)
{
    public async Task<LatencyHistogram> RunAsync(int perSecond, TimeSpan duration, CancellationToken cancellation)
    {
        var histogram = new LatencyHistogram();
        var count = (int)(perSecond * duration.TotalSeconds);
        var bodies = cluster.Policies.Take(100).Select(policy => Review(policy.Namespace, BenchCluster.Pod(policy, "new-pod"))).ToList();
        var begin = Stopwatch.GetTimestamp();
        var open = new List<Task>(count);
        for (var number = 0; number < count; number++)
        {
            var due = begin + (long)(number * Stopwatch.Frequency / (double)perSecond);
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, cancellation);
            // A timer of this program that fires late is not the operator's time.
            open.Add(AskAsync(bodies[number % bodies.Count], Math.Max(due, wait > TimeSpan.Zero ? Stopwatch.GetTimestamp() : due), histogram, cancellation));
        }

        await Task.WhenAll(open);
        return histogram;
    }

    private async Task AskAsync(byte[] body, long due, LatencyHistogram histogram, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await manager.Client.PostAsync(manager.Inject, content, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        if (!text.Contains("\"patchType\":\"JSONPatch\"", StringComparison.Ordinal)) throw new InvalidOperationException($"a pod was not injected: {(int)answer.StatusCode} {text}");
        lock (histogram) histogram.RecordSince(due);
    }

    private static byte[] Review(string @namespace, JsonObject pod) => JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject
    {
        ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview",
        ["request"] = new JsonObject { ["uid"] = Guid.NewGuid().ToString(), ["operation"] = "CREATE", ["namespace"] = @namespace, ["object"] = pod },
    });
}
