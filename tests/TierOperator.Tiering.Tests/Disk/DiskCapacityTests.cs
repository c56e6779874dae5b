using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class DiskCapacityTests
{
    private const string Folder = "/data";
    private static readonly DiskOptions s_options = new()
    {
        Folder = Folder, CapacityBytes = 4 << 20, SegmentBytes = 128 * 1024, MaintenanceInterval = TimeSpan.FromDays(1),
        Compression = Policy.Compiled.CompressionKind.None,
    };

    [Fact]
    public async Task Filled_ThreeTimesOver_StaysUnderCapacityAndEvictsWholeSessions()
    {
        var disk = new PowerCutDisk();
        var gone = new HashSet<string>();
        await using var store = DiskStore.Open(s_options, disk, TimeProvider.System);
        store.SessionGone += (key, reason) =>
        {
            Assert.Equal(SessionGoneReason.Evicted, reason);
            lock (gone) gone.Add(System.Text.Encoding.UTF8.GetString(key));
        };

        for (var i = 0; i < 6000; i++)
        {
            var batch = new DiskBatch();
            for (var item = 0; item < 2; item++)
                batch.Put(DiskFolder.Key("s" + i), DiskFolder.Header(), 0, DiskFolder.Key("i" + item), "a/b", new ItemVersion(1, 1), DiskFolder.Value(new string('x', 900)));
            AppendStatus status;
            while ((status = store.TryAppend(batch, out var ticket)) == AppendStatus.Busy) await store.WaitRoomAsync(CancellationToken.None);
            Assert.Equal(AppendStatus.Ok, status);
            Assert.True(disk.OccupiedBytes(Folder) <= s_options.CapacityBytes, "over capacity");
        }

        await store.FlushAsync(CancellationToken.None);
        Assert.True(disk.HighWaterBytes <= s_options.CapacityBytes, $"{disk.HighWaterBytes} over capacity");
        Assert.True(store.IsHealthy);
        Assert.True(store.Evictions > 3000);
        var missing = new List<string>();
        for (var i = 0; i < 6000; i++)
        {
            var status = store.TryReadSession(DiskFolder.Key("s" + i), out var session);
            if (status == DiskReadStatus.Found) Assert.Equal(2, session.Items.Count);
            else missing.Add("s" + i);
        }

        Assert.Null(DiskFolder.Read(store, "s0", "i0"));
        Assert.NotNull(DiskFolder.Read(store, "s5999", "i0"));

        // Eviction may still be at work, and a session is gone a moment before it is told: wait for its end.
        await store.DisposeAsync();
        Assert.Subset(gone, missing.ToHashSet());
    }

    [Fact]
    public async Task Filled_AndNothingMayBeEvicted_IsFullAndReadsOn()
    {
        await using var store = DiskStore.Open(s_options with { MayEvict = (_, _) => false }, new PowerCutDisk(), TimeProvider.System);

        var status = AppendStatus.Ok;
        var taken = 0;
        for (; taken < 10_000; taken++)
        {
            while ((status = store.TryAppend(DiskFolder.Put("s" + taken, "i", new string('x', 2000)), out _)) == AppendStatus.Busy)
                await store.MaintainAsync();
            if (status != AppendStatus.Ok) break;
        }

        await store.FlushAsync(CancellationToken.None);
        Assert.Equal(AppendStatus.Full, status);
        Assert.Equal(DiskState.Full, store.State);
        Assert.Equal(taken, store.Sessions);
        Assert.NotNull(DiskFolder.Read(store, "s0", "i"));
    }

    [Fact]
    public async Task Overwritten_ManyTimes_IsCompactedAndReopensTheSame()
    {
        var disk = new PowerCutDisk();
        await using (var store = DiskStore.Open(s_options, disk, TimeProvider.System))
        {
            for (var i = 0; i < 8000; i++)
            {
                AppendStatus status;
                while ((status = store.TryAppend(DiskFolder.Put("s" + (i % 50), "i" + (i % 3), i + new string('x', 1500)), out _)) == AppendStatus.Busy)
                    await store.WaitRoomAsync(CancellationToken.None);
                Assert.Equal(AppendStatus.Ok, status);
            }

            await store.CompactAsync(CancellationToken.None);
            Assert.True(store.Compactions > 0);
            Assert.Equal(0, store.Evictions);
            AssertAll(store);
        }

        await using var reopened = DiskStore.Open(s_options, disk, TimeProvider.System);
        Assert.Equal(0, reopened.BadRecords);
        AssertAll(reopened);

        static void AssertAll(DiskStore store)
        {
            for (var i = 7850; i < 8000; i++) Assert.StartsWith(i.ToString(), DiskFolder.Read(store, "s" + (i % 50), "i" + (i % 3)));
        }
    }

    [Fact]
    public async Task Append_OntoAnEvictedSession_IsGone()
    {
        await using var store = DiskStore.Open(s_options, new PowerCutDisk(), TimeProvider.System);
        var evicted = new TaskCompletionSource<byte[]>();
        store.SessionGone += (key, _) => evicted.TrySetResult(key);
        for (var i = 0; !evicted.Task.IsCompleted; i++)
            if (store.TryAppend(DiskFolder.Put("s" + i, "i", new string('x', 2000)), out _) == AppendStatus.Busy) await store.WaitRoomAsync(CancellationToken.None);
        var batch = new DiskBatch { ExpectsSession = true };
        batch.Put(await evicted.Task, DiskFolder.Header(), 0, DiskFolder.Key("j"), "a/b", new ItemVersion(1, 1), DiskFolder.Value("x"));

        var status = await DiskFolder.AppendWhenRoomAsync(store, batch);

        Assert.Equal(AppendStatus.Gone, status);
        batch.ExpectsSession = false;
        Assert.Equal(AppendStatus.Ok, await DiskFolder.AppendWhenRoomAsync(store, batch));
    }

    [Fact]
    public async Task Sweep_AfterExpiry_ForgetsTheSessionForGood()
    {
        var time = new ManualClock(1_800_000_000_000);
        var disk = new PowerCutDisk();
        var gone = 0;
        await using (var store = DiskStore.Open(s_options, disk, time))
        {
            store.SessionGone += (_, reason) => gone += reason == SessionGoneReason.Expired ? 1 : 0;
            await DiskFolder.AppendAsync(store, DiskFolder.Put("long", "i", "x", expiresMs: time.NowMs + 86_400_000));
            await DiskFolder.AppendAsync(store, new DiskBatch().PutHeader(DiskFolder.Key("long"), DiskFolder.Header(), time.NowMs + 1000));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("stays", "i", "x"));
            time.NowMs += 60_000;
            await store.MaintainAsync();
            await store.FlushAsync(CancellationToken.None);
            Assert.Equal((1, 1, 1), (gone, store.Sessions, store.Expirations));
            await store.CompactAsync(CancellationToken.None);
        }

        time.NowMs -= 50_000;
        await using var reopened = DiskStore.Open(s_options, disk, time);
        Assert.Null(DiskFolder.Read(reopened, "long", "i"));
        Assert.Equal("x", DiskFolder.Read(reopened, "stays", "i"));
    }

    [Fact]
    public async Task Listing_InPages_NamesEverySessionOnce()
    {
        await using var store = DiskStore.Open(s_options, new PowerCutDisk(), TimeProvider.System);
        for (var i = 0; i < 500; i++)
        {
            while (store.TryAppend(DiskFolder.Put("s" + (i % 300), "i" + i, "x"), out _) == AppendStatus.Busy)
                await store.WaitRoomAsync(CancellationToken.None);
        }

        await store.FlushAsync(CancellationToken.None);

        var names = new List<string>();
        var page = new List<DiskSession>();
        for (long cursor = 0; cursor >= 0;)
        {
            page.Clear();
            cursor = store.ListSessions(cursor, 7, page);
            names.AddRange(page.Select(session => System.Text.Encoding.UTF8.GetString(session.Key)));
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => "s" + i).Order(), names.Order());
        Assert.Equal(500, store.EnumerateSessions().Sum(session => session.Items));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Index_PerItem_TakesAtMost32Bytes(int itemsPerSession)
    {
        const int Items = 200_000;
        await using var store = DiskStore.Open(s_options with { CapacityBytes = 256 << 20, SegmentBytes = 0 }, new PowerCutDisk(), TimeProvider.System);
        for (var i = 0; i < Items; i++)
        {
            while (store.TryAppend(DiskFolder.Put("s" + (i / itemsPerSession), "i" + (i % itemsPerSession), "x"), out _) == AppendStatus.Busy)
                await store.WaitRoomAsync(CancellationToken.None);
        }

        await store.FlushAsync(CancellationToken.None);

        Assert.Equal(Items, store.Items);
        Assert.InRange(store.IndexBytes / (double)Items, 0, 32);
    }
}
