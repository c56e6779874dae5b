using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Benchmarks.Load;
using TierOperator.Tiering;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Benchmarks.Targets;

/// <summary>Writes items of random bytes straight into a disk store, each a session of its own.</summary>
internal sealed class StoreWriter(DiskStore store, int valueBytes)
{
    private static readonly byte[] Item = "value"u8.ToArray();
    private static readonly SessionHeader Header = new()
    {
        Rule = "everything",
        CreatedMs = 1,
        LastAccessMs = 1,
        DeadlineMs = long.MaxValue,
    };

    private long next;

    public static DiskStore Open(string folder, IDiskDoor disk, long capacityBytes) => DiskStore.Open(
        new DiskOptions { Folder = folder, CapacityBytes = capacityBytes, Compression = Policy.Compiled.CompressionKind.None },
        disk, TimeProvider.System, NullLogger.Instance);

    /// <summary>So many writers, each waiting until its item is durable before it writes the next; items a second.</summary>
    public async Task<double> PerSecondAsync(int writers, TimeSpan duration)
    {
        var (begin, first) = (Stopwatch.GetTimestamp(), Volatile.Read(ref next));
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var (batch, random) = (new DiskBatch(), new Random(writer));
            var value = new byte[valueBytes];
            while (Stopwatch.GetElapsedTime(begin) < duration)
                await DurableAsync(await AppendAsync(batch, value, random));
        })));
        return (Volatile.Read(ref next) - first) / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>Writes so many items and waits once, for the last.</summary>
    public async Task FillAsync(long items)
    {
        var (batch, random, value) = (new DiskBatch(), new Random(1), new byte[valueBytes]);
        var last = 0L;
        for (var i = 0L; i < items; i++) last = await AppendAsync(batch, value, random);
        await DurableAsync(last);
    }

    private async ValueTask DurableAsync(long ticket)
    {
        if (!await store.WaitDurableAsync(ticket)) throw new InvalidOperationException("the store could not make a write durable");
    }

    private async ValueTask<long> AppendAsync(DiskBatch batch, byte[] value, Random random)
    {
        RandomBlock.CopyTo(value, random);
        var number = Interlocked.Increment(ref next);
        var session = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(session, number);
        batch.Clear();
        batch.Put(session, Header, 0, Item, "application/octet-stream", new ItemVersion((ulong)number, 1), new ItemValue(value));
        while (true)
        {
            var status = store.TryAppend(batch, out var ticket);
            if (status == AppendStatus.Ok) return ticket;
            if (status != AppendStatus.Busy) throw new InvalidOperationException($"the store answered {status}");
            await store.WaitRoomAsync(CancellationToken.None);
        }
    }
}
