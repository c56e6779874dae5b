using BenchmarkDotNet.Attributes;
using TierOperator.Benchmarks.Load;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Eviction;

namespace TierOperator.Benchmarks.Micro;

/// <summary>What each eviction costs an access: touches by Zipf's law on a full cache, and a miss that takes a victim's slot.</summary>
[MemoryDiagnoser]
public class EvictionSteps
{
    private const int Slots = 100_000;
    private const int Accesses = 1 << 16;

    private readonly int[] touches = new int[Accesses];
    private IEvictionPolicy policy = null!;
    private int position;
    private ulong nextKey;

    [Params(EvictionKind.LRU, EvictionKind.LFU, EvictionKind.S3FIFO, EvictionKind.Adaptive)]
    public EvictionKind Kind { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        policy = EvictionPolicies.Create(Kind);
        for (var slot = 0; slot < Slots; slot++) policy.Add(slot, HashOf(nextKey++), 0);
        var (keys, random) = (new ZipfKeys(Slots, 0.99), new Random(1));
        for (var i = 0; i < Accesses; i++) touches[i] = keys.TryNext(random, out var key) ? (int)key : 0;
    }

    [Benchmark]
    public void Touch() => policy.Touch(touches[position++ & (Accesses - 1)]);

    [Benchmark]
    public int Replace()
    {
        var key = HashOf(nextKey++);
        policy.Miss(key);
        policy.TryEvict(out var slot);
        policy.Add(slot, key, 0);
        return slot;
    }

    private static ulong HashOf(ulong key) => (key + 1) * 0x9E3779B97F4A7C15UL;
}
