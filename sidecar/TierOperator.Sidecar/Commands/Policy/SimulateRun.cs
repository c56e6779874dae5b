using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Reads both files, replays, reports.</summary>
internal sealed class SimulateRun(SimulateOptions options, TextWriter output, TextWriter error)
{
    private const int Done = 0;
    private const int Faulty = 1;
    private const int Unreadable = 2;

    /// <summary>What a session of one item costs beside the item's value: its records, keys and tables, about.</summary>
    internal const int OverheadBytes = 320;

    private static readonly EvictionKind[] s_evictions =
        [EvictionKind.LRU, EvictionKind.LFU, EvictionKind.Age, EvictionKind.S3FIFO, EvictionKind.Adaptive];

    /// <summary>Shares of the distinct keys, in percent, that <c>--all</c> adds.</summary>
    private static readonly int[] s_shares = [1, 2, 5, 10, 20, 50];

    private int EntryBytes => options.ItemBytes + OverheadBytes;

    public int Execute(CancellationToken cancel)
    {
        if (PolicyFile.Read(options.PolicyFile, error) is not { } file) return Unreadable;
        if (file.Result.Policy is not { } policy)
        {
            new FaultReport(error, TerminalStyle.For(error)).Write(file);
            return Faulty;
        }

        if (policy.Memory is { } memory) return Simulate(policy.Name, memory, cancel);
        error.WriteLine($"{file.Name} declares no memory tier: there is nothing to simulate");
        return Faulty;
    }

    private int Simulate(string policy, CompiledMemory memory, CancellationToken cancel)
    {
        if (ReadTrace() is not { } trace) return Unreadable;
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
        return Done;
    }

    private Trace? ReadTrace()
    {
        try
        {
            return TraceFile.Read(options.TraceFile, options.Limit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TraceFormatException)
        {
            error.WriteLine($"cannot read {options.TraceFile}: {e.Message}");
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
