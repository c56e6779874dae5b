using TierOperator.Benchmarks.Load;
using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Load under a progress line; answers that no target expects end the measurement.</summary>
internal static class Drive
{
    // Refusals for want of room are an answer, not a fault: the runner waits and goes on.
    private static readonly int[] Refusals = [429, 503, 507];

    public static async Task<LoadResult> RunAsync(string label, LoadOptions options, CancellationToken cancellation)
    {
        var runner = new LoadRunner(options);
        LoadResult result;
        await using (new ProgressLine(label, () => runner.Done, options.Requests))
            result = await runner.RunAsync(cancellation);
        var faults = result.Errors.Where(error => !Refusals.Contains(error.Key)).ToList();
        if (faults.Count > 0 || result.Operations == 0)
            throw new InvalidOperationException($"{label}: {result.Operations} answers, and " + string.Join(", ", faults.Select(fault => $"{fault.Value} of status {fault.Key}")));
        return result;
    }

    /// <summary>Puts every key of the range once.</summary>
    public static Task<LoadResult> FillAsync(string label, Uri url, long keys, int valueBytes, string prefix, CancellationToken cancellation) =>
        RunAsync(label, new LoadOptions
        {
            Url = url,
            Keys = new SequentialKeys(0, keys, repeat: false),
            Requests = keys,
            Reads = 0,
            ValueBytes = valueBytes,
            SessionPrefix = prefix,
        }, cancellation);
}
