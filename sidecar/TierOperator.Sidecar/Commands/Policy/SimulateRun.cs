using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Hosting;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Reads both files, replays, reports.</summary>
internal sealed class SimulateRun(SimulateOptions options, TextWriter output, TextWriter error)
{
    /// <summary>What a session of one item costs beside the item's value: its records, keys and tables, about.</summary>
    internal const int OverheadBytes = 320;

    private static readonly EvictionKind[] s_evictions =
        [EvictionKind.LRU, EvictionKind.LFU, EvictionKind.Age, EvictionKind.S3FIFO, EvictionKind.Adaptive];

    /// <summary>Shares of the distinct keys, in percent, that <c>--all</c> adds.</summary>
    private static readonly int[] s_shares = [1, 2, 5, 10, 20, 50];

    private readonly PolicyCommandErrors _errors = new(error, options.IsJson);

    private long EntryBytes => (long)options.ItemBytes + OverheadBytes;

    public int Execute(CancellationToken cancel)
    {
        if (PolicyFile.Read(options.PolicyFile, out var unreadable) is not { } file) return _errors.Unreadable(unreadable);
        if (file.Result.Policy is not { } policy) return _errors.Faulty(ExitCode.Refused, file);
        return policy.Memory is { } memory
            ? Simulate(policy.Name, memory, cancel)
            : _errors.Tell(ExitCode.Refused, $"{file.Name} declares no memory tier: there is nothing to simulate");
    }

    private int Simulate(string policy, CompiledMemory memory, CancellationToken cancel)
    {
        if (ReadTrace() is not { } trace) return ExitCode.Usage;
        var own = options.Entries ?? EntriesOf(memory);
        var sizes = options.All
            ? s_shares.Select(share => Math.Max(1, (int)((long)trace.DistinctKeys * share / 100))).Append(own).Distinct().Order().ToArray()
            : [own];
        var evictions = options.All ? s_evictions : [memory.Eviction];
        var rows = SimulateProgress.Show(
            error, HitRatioSurvey.RequestsToReplay(trace, sizes.Length, evictions.Length),
            progress => HitRatioSurvey.Run(trace, sizes, evictions, progress, cancel));
        var report = new SimulateReport(policy, memory.Eviction, own, EntryBytes, options.TraceFile, trace, evictions, rows);
        if (options.IsJson) report.WriteJson(output);
        else report.WriteTable(output);
        return ExitCode.Ok;
    }

    private Trace? ReadTrace()
    {
        try
        {
            return TraceFile.Read(options.TraceFile, options.Limit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TraceFormatException)
        {
            _errors.Unreadable(e is TraceFormatException ? e.Message : $"cannot read {options.TraceFile}: {e.Message}");
            return null;
        }
    }

    /// <summary>Memory fills to evictAtPercent and is evicted to evictToPercent: between the two it is on average.</summary>
    private int EntriesOf(CompiledMemory memory)
    {
        var fill = (memory.EvictAtPercent + memory.EvictToPercent) / 200.0;
        var entries = (long)(memory.CapacityBytes * fill / EntryBytes);
        if (memory.MaxSessions > 0) entries = Math.Min(entries, memory.MaxSessions);
        return (int)Math.Clamp(entries, 1, int.MaxValue);
    }
}
