using System.Buffers.Binary;
using System.Diagnostics;
using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Memory;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>
/// Writers that give all items of a session one stamp, readers that see them agree, everything else going on; then the
/// books are checked. Ten seconds in all, half an hour with TIER_SOAK=1.
/// </summary>
[Collection(Alone)]
public sealed class SoakTests
{
    /// <summary>The count of live chunks is the process's: nothing else may run meanwhile.</summary>
    public const string Alone = "alone";
    private const int Sessions = 24;
    private const int Items = 3;
    private long _stamps;
    private long _reads;

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("Mirror", "ack: Memory, promoteAfter: 1", "S3FIFO")]
    [InlineData("Mirror", "ack: Disk, promoteAfter: 2", "Adaptive")]
    [InlineData("Overflow", "ack: Memory, promoteAfter: 1", "LRU")]
    public async Task Engine_UnderEverything_ShowsNoHalfSessionAndKeepsItsBooks(string mode, string rule, string eviction)
    {
        var length = TortureSettings.IsSoak ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(3);
        var largeBefore = LargeValue.LiveChunks;
        await using (var harness = new EngineHarness(
            $"tiers: {{memory: {{capacity: 2Mi, ttl: 1h, eviction: {eviction}}}, spillover: {{capacity: 256Mi, ttl: 7d, mode: {mode}}}}}\nrules: [{{name: all, match: {{sessions: ['*']}}, {rule}}}]"))
        {
            var started = Stopwatch.GetTimestamp();
            bool IsOver() => Stopwatch.GetElapsedTime(started) > length;
            List<Task> work = [.. Enumerable.Range(0, 3).Select(n => Task.Run(() => WriteAsync(harness.Engine, new Random(n), IsOver))),
                .. Enumerable.Range(0, 3).Select(n => Task.Run(() => ReadAsync(harness.Engine, new Random(n), IsOver))),
                Task.Run(() => MoveAsync(harness.Engine, new Random(7), IsOver))];
            await Task.WhenAll(work);

            await CheckBooksAsync(harness);
            Assert.True(_reads > 100, $"only {_reads} whole reads: nothing was tried");
        }

        Assert.Equal(largeBefore, LargeValue.LiveChunks);
    }

    private static ReadOnlyMemory<byte> Key(int session) => EngineHarness.Key($"s{session}");

    private async Task WriteAsync(TierEngine engine, Random random, Func<bool> isOver)
    {
        while (!isOver())
        {
            var key = Key(random.Next(Sessions));
            var stamp = Interlocked.Increment(ref _stamps);
            var items = Enumerable.Range(0, Items).Select(i => new ItemWrite(EngineHarness.Key($"i{i}"), "text/plain", Value(stamp, random))).ToList();
            var outcome = random.Next(12) switch
            {
                0 => await DeleteAsync(engine, key, items),
                < 6 => await engine.ReplaceSessionAsync(key, items, default, CancellationToken.None),
                _ => await engine.UpdateSessionAsync(key, items, [], default, CancellationToken.None),
            };
            Assert.True(outcome.Succeeded || outcome.Status == WriteStatus.NotFound, outcome.ToString());
        }
    }

    private static async Task<WriteOutcome> DeleteAsync(TierEngine engine, ReadOnlyMemory<byte> key, List<ItemWrite> unused)
    {
        foreach (var item in unused) item.Value.Release();
        return await engine.DeleteSessionAsync(key, default, CancellationToken.None);
    }

    private async Task ReadAsync(TierEngine engine, Random random, Func<bool> isOver)
    {
        while (!isOver())
        {
            var read = await engine.ReadSessionAsync(Key(random.Next(Sessions)), CancellationToken.None);
            AssertWhole(read);
            Interlocked.Increment(ref _reads);
        }
    }

    private static void AssertWhole(SessionReadOutcome read)
    {
        Assert.Contains(read.Status, (ReadStatus[])[ReadStatus.Found, ReadStatus.NotFound]);
        if (read.Session is not { } session) return;
        var stamps = session.Items.Select(item => BinaryPrimitives.ReadInt64LittleEndian(item.Value.ToArray())).Distinct().ToList();
        Assert.Equal(Items, session.Items.Count);
        Assert.Single(stamps);
        session.Release();
    }

    private static async Task MoveAsync(TierEngine engine, Random random, Func<bool> isOver)
    {
        while (!isOver())
        {
            var key = Key(random.Next(Sessions));
            if (random.Next(2) == 0) await engine.EvictAsync(key, CancellationToken.None);
            else await engine.LoadAsync(key, CancellationToken.None);
            if (random.Next(50) == 0) await engine.CompactAsync(CancellationToken.None);
            await Task.Yield();
        }
    }

    /// <summary>What is accounted is what is there, no gate stayed closed, and every session can be read whole.</summary>
    private static async Task CheckBooksAsync(EngineHarness harness)
    {
        for (var session = 0; session < Sessions; session++) AssertWhole(await harness.Engine.ReadSessionAsync(Key(session), CancellationToken.None));
        Assert.Equal(0, (await harness.Engine.FlushAsync(CancellationToken.None)).PendingSessions);
        var memory = harness.Engine.Memory;
        foreach (var shard in memory.Shards) Assert.Empty(shard.Gates);
        memory.FlushTouches();
        Assert.Equal(memory.Budget.UsedBytes, memory.Shards.Sum(CostOf) + memory.Budget.TableBytes + memory.Budget.IndexBytes);
        Assert.Equal(0, harness.Engine.InFlightUsedBytes);
    }

    private static unsafe long CostOf(MemoryShard shard)
    {
        lock (shard.Gate) return shard.Sessions_NeedsLock().Sum(session => ((SessionRecord*)session)->CostBytes);
    }

    private static ItemValue Value(long stamp, Random random)
    {
        var bytes = new byte[random.Next(8) == 0 ? random.Next(65_000, 120_000) : random.Next(8, 4_000)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, stamp);
        return ItemValue.From(bytes);
    }
}

[CollectionDefinition(SoakTests.Alone, DisableParallelization = true)]
public sealed class AloneDefinition;
