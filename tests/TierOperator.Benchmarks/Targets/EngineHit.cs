using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Benchmarks.Processes;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>The engine's hot path alone: a memory hit that copies a small value out, by number of items and of threads.</summary>
internal sealed class EngineHit : ITarget
{
    private static readonly int[] ValueSizes = [64, 1024];
    private const int Batch = 1024;

    /// <summary>About what the engine keeps beside a value: the session's record, the item's, and their buckets.</summary>
    private const long RecordBytes = 280;

    private static readonly byte[] Item = "value"u8.ToArray();
    private static readonly (int Items, double LimitNs)[] Sizes = [(10_000, 150), (100_000, 300), (1_000_000, 600)];

    public string Name => "engine-hit";
    public string Description => "a memory hit of the engine, in process: time by number of items, bytes allocated, two threads beside one";

    public async Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation)
    {
        var rows = new List<Measurement>();
        foreach (var valueBytes in ValueSizes)
        {
            foreach (var (items, limit) in Sizes)
            {
                cancellation.ThrowIfCancellationRequested();
                ProgressLine.Say($"{Name}: {items:N0} items of {valueBytes} bytes");
                await using var engine = await FilledAsync(items, valueBytes);
                rows.AddRange(Judge(engine, items, valueBytes, limit, quick));
            }
        }

        return rows;
    }

    private List<Measurement> Judge(TierEngine engine, int items, int valueBytes, double limitNs, bool quick)
    {
        var duration = TimeSpan.FromSeconds(quick ? 0.3 : 1.5);
        var what = $"{items:N0} items of {valueBytes} bytes";
        // Round 0 lets tiered compilation finish: it is run before it is left out, which Skip alone would not do. One thread and two in turn, because the machine has moods.
        var rounds = Enumerable.Range(0, quick ? 2 : 6)
            .Select(_ => (One: Run(engine, items, valueBytes, 1, duration), Two: Run(engine, items, valueBytes, 2, duration))).ToList()[1..];
        return
        [
            new Measurement(Name, what, Series.Median(rounds.Select(round => 1e9 / round.One.PerSecond)), "ns").Under(limitNs),
            new Measurement(Name, what + ": allocated by a hit", rounds.Sum(round => round.One.AllocatedBytes) / rounds.Sum(round => (double)round.One.Hits), "bytes").Under(0.001),
            new Measurement(Name, what + ": one read that waits for another, in as much memory", MemoryLatency.Nanoseconds(items * (valueBytes + RecordBytes)), "ns"),
            new Measurement(Name, what + ": two threads to one", Series.Median(rounds.Select(round => round.Two.PerSecond / round.One.PerSecond)), "").AtLeast(1.7),
        ];
    }

    private static async Task<TierEngine> FilledAsync(int items, int valueBytes)
    {
        var policy = new BenchPolicy { MemoryCapacity = "4Gi", SpilloverCapacity = null }.Compile();
        var engine = TierEngine.Open(new EngineOptions(), policy, TimeProvider.System, NullLoggerFactory.Instance);
        var value = new byte[valueBytes];
        for (var i = 0; i < items; i++)
        {
            var outcome = await engine.PutAsync(Key(i), new ItemWrite(Item, "application/octet-stream", new ItemValue(value)), default, CancellationToken.None);
            if (!outcome.Succeeded) throw new InvalidOperationException($"item {i} was answered {outcome.Status}");
        }

        return engine;
    }

    private static (double PerSecond, long Hits, long AllocatedBytes) Run(TierEngine engine, int items, int valueBytes, int threads, TimeSpan duration)
    {
        var results = new (double PerSecond, long Hits, long AllocatedBytes)[threads];
        using var start = new Barrier(threads);
        var workers = Enumerable.Range(0, threads).Select(index => new Thread(() => results[index] = Hit(engine, items, valueBytes, index, start, duration))).ToList();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        return (results.Sum(result => result.PerSecond), results.Sum(result => result.Hits), results.Sum(result => result.AllocatedBytes));
    }

    // Keys in random order, so that the processor's caches are met as a server meets them; the order costs a few instructions.
    private static (double PerSecond, long Hits, long AllocatedBytes) Hit(TierEngine engine, int items, int valueBytes, int seed, Barrier start, TimeSpan duration)
    {
        var state = (uint)((seed + 1) * 2654435761);
        Span<byte> key = stackalloc byte[8];
        Span<byte> target = stackalloc byte[valueBytes];
        start.SignalAndWait();
        var (begin, allocated, hits) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread(), 0L);
        while (Stopwatch.GetElapsedTime(begin) < duration)
        {
            for (var i = 0; i < Batch; i++)
            {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                BinaryPrimitives.WriteInt64BigEndian(key, (long)(((ulong)state * (ulong)items) >> 32));
                if (!engine.TryReadMemory(key, Item, target, out _)) throw new InvalidOperationException("an item that was put is not in memory");
            }

            hits += Batch;
        }

        return (hits / Stopwatch.GetElapsedTime(begin).TotalSeconds, hits, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    private static byte[] Key(int number)
    {
        var key = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }
}
