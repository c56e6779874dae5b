using System.Text;
using TierOperator.TestKit;
using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

/// <summary>Whoever reads the journal from place to place, or from one that was written down, misses nothing that compaction moves meanwhile.</summary>
public sealed class JournalReadTests
{
    private const int Sessions = 600;
    private static readonly DiskOptions s_options = new()
    {
        Folder = "/data", CapacityBytes = 16 << 20, SegmentBytes = 128 * 1024, MaintenanceInterval = TimeSpan.FromDays(1), Compression = Policy.Compiled.CompressionKind.None,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ReadJournal_CompactedBetweenStretches_MissesNothing(int every)
    {
        await using var store = await OverwrittenAsync(new PowerCutDisk());
        store.KeepFrom = default(JournalPosition);
        var seen = new HashSet<string>();
        var (from, stretches, compactions) = (default(JournalPosition), 0, store.Compactions);

        while (store.ReadJournal(from) is { } stretch)
        {
            Note(stretch, seen);
            from = stretch.Next;
            if (++stretches % every == 0)
            {
                await OverwriteGarbageAsync(store, stretches);
                await store.CompactAsync(CancellationToken.None);
            }

            Assert.InRange(stretches, 0, 1_000);
        }

        Assert.True(store.Compactions > compactions, "nothing was compacted");
        Assert.Equal(Sessions, seen.Count);
    }

    [Fact]
    public async Task ReadJournal_FromAPlaceWrittenDownBeforeACompaction_MissesNothingBehindIt()
    {
        var disk = new PowerCutDisk();
        var (places, all) = (new List<JournalPosition>(), new List<HashSet<string>>());
        await using (var store = await OverwrittenAsync(disk))
        {
            store.KeepFrom = default(JournalPosition);
            for (var from = default(JournalPosition); store.ReadJournal(from) is { } stretch; from = stretch.Next)
            {
                places.Add(stretch.From);
                all.Add([]);
                foreach (var behind in all) Note(stretch, behind);
            }

            for (var round = 0; round < 20; round++) await OverwriteGarbageAsync(store, round);
            await store.CompactAsync(CancellationToken.None);
        }

        await using var reopened = DiskStore.Open(s_options, disk, TimeProvider.System);
        for (var i = 0; i < places.Count; i++)
        {
            var seen = new HashSet<string>();
            for (var from = places[i]; reopened.ReadJournal(from) is { } stretch; from = stretch.Next) Note(stretch, seen);
            Assert.Superset(all[i], seen);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadJournal_OfALogThatIsCompactedFromItsBeginning_TellsWhatWasDeleted(bool isWrittenAnew)
    {
        await using var store = DiskStore.Open(s_options, new PowerCutDisk(), TimeProvider.System);
        store.KeepFrom = default(JournalPosition);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("gone", "a", "x").Put(DiskFolder.Key("gone"), DiskFolder.Header(), 0, DiskFolder.Key("b"), "text/plain", new ItemVersion(1 << 16, 1), DiskFolder.Value("x")));
        await DiskFolder.AppendAsync(store, new DiskBatch().DeleteSession(DiskFolder.Key("gone"), new ItemVersion(2 << 16, 1)));
        if (isWrittenAnew) await DiskFolder.AppendAsync(store, DiskFolder.Put("gone", "a", "y", version: 3));
        await FillAsync(store);
        await store.CompactAsync(CancellationToken.None);

        Assert.True(store.Compactions > 0, "nothing was compacted");
        Assert.Contains(Told(store, default), static entry => entry.Kind == JournalKind.RemoveSession && entry.Version == new ItemVersion(2 << 16, 1));
    }

    /// <summary>The segment that the reader's place is in has been written anew together with those before it.</summary>
    [Fact]
    public async Task ReadJournal_FromAPlaceThatWasMergedIntoTheLogsBeginning_TellsWhatWasRemovedBehindIt()
    {
        await using var store = DiskStore.Open(s_options, new PowerCutDisk(), TimeProvider.System);
        store.KeepFrom = default(JournalPosition);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("gone", "a", "x").Put(DiskFolder.Key("gone"), DiskFolder.Header(), 0, DiskFolder.Key("b"), "text/plain", new ItemVersion(1 << 16, 1), DiskFolder.Value("x")));
        await FillAsync(store);
        var mark = store.JournalEnd;
        Assert.True(mark.Order > 1, "all of it is in one segment");
        await DiskFolder.AppendAsync(store, new DiskBatch().DeleteItem(DiskFolder.Key("gone"), DiskFolder.Header(), 0, DiskFolder.Key("a"), new ItemVersion(2 << 16, 1)));
        await DiskFolder.AppendAsync(store, DiskFolder.Put("gone", "b", "y", version: 3));
        await FillAsync(store);
        await store.CompactAsync(CancellationToken.None);
        store.KeepFrom = mark;
        await FillAsync(store);
        await store.CompactAsync(CancellationToken.None);

        Assert.Contains(Told(store, mark), static entry => entry.Kind == JournalKind.RemoveItem);
    }

    /// <summary>It has been on disk for long enough; the tiers have yet to hear what was removed from it.</summary>
    [Fact]
    public async Task ReadJournal_OfASessionThatLeftTheDisk_TellsWhatWasRemovedFromIt()
    {
        await using var store = DiskStore.Open(s_options, new PowerCutDisk(), TimeProvider.System);
        store.KeepFrom = default(JournalPosition);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "a", "x").Put(DiskFolder.Key("s"), DiskFolder.Header(), 0, DiskFolder.Key("b"), "text/plain", new ItemVersion(1 << 16, 1), DiskFolder.Value("x")));
        await DiskFolder.AppendAsync(store, new DiskBatch().DeleteItem(DiskFolder.Key("s"), DiskFolder.Header(), 0, DiskFolder.Key("a"), new ItemVersion(2 << 16, 1)));
        store.Release(DiskFolder.Key("s"));
        await FillAsync(store);
        await store.CompactAsync(CancellationToken.None);

        Assert.False(store.Contains(DiskFolder.Key("s")));
        Assert.Contains(Told(store, default), static entry => entry.Kind == JournalKind.RemoveItem);
    }

    [Fact]
    public async Task Swept_WhatSomebodyIsOwed_StaysUntilItsDeadline()
    {
        var time = new ManualTime();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var store = DiskStore.Open(s_options with { MayEvict = static (_, _) => false }, new PowerCutDisk(), time);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("owed", "i", "v", now + 1_000));
        await DiskFolder.AppendAsync(store, new DiskBatch().Put(DiskFolder.Key("over"), DiskFolder.Header() with { DeadlineMs = now + 1_000 }, now + 1_000, DiskFolder.Key("i"), "text/plain", new ItemVersion(1 << 16, 1), DiskFolder.Value("v")));
        time.Advance(TimeSpan.FromMinutes(5));
        await store.MaintainAsync();

        Assert.Equal(DiskReadStatus.NotFound, store.TryReadSession(DiskFolder.Key("owed"), out _));
        Assert.Equal(DiskReadStatus.Found, store.TryReadSession(DiskFolder.Key("owed"), out var found, evenExpired: true));
        found.Release();
        Assert.Equal(DiskReadStatus.NotFound, store.TryReadSession(DiskFolder.Key("over"), out _, evenExpired: true));
    }

    private static async Task FillAsync(DiskStore store)
    {
        for (var round = 0; round < 20; round++) await DiskFolder.AppendAsync(store, DiskFolder.Put("other", "i", new string('x', 20_000), version: (ulong)round));
    }

    private static List<JournalEntry> Told(DiskStore store, JournalPosition from)
    {
        var told = new List<JournalEntry>();
        for (; store.ReadJournal(from) is { } stretch; from = stretch.Next) told.AddRange(stretch.Entries);
        return told;
    }

    /// <summary>A part of every segment that is there becomes garbage.</summary>
    private static async Task OverwriteGarbageAsync(DiskStore store, int round)
    {
        for (var session = round; session < Sessions && round < 20; session += 20)
            Assert.Equal(AppendStatus.Ok, await DiskFolder.AppendWhenRoomAsync(store, DiskFolder.Put($"g{session}", "i", "gone", version: 2)));
        await store.FlushAsync(CancellationToken.None);
    }

    /// <summary>Several segments, of which half is garbage, or will be.</summary>
    private static async Task<DiskStore> OverwrittenAsync(PowerCutDisk disk)
    {
        var store = DiskStore.Open(s_options, disk, TimeProvider.System);
        for (var version = 1UL; version <= 2; version++)
        {
            for (var session = 0; session < Sessions; session++)
            {
                if (version == 1 || session % 2 == 0) Assert.Equal(AppendStatus.Ok, await DiskFolder.AppendWhenRoomAsync(store, DiskFolder.Put($"s{session}", "i", new string('x', 2_000), version: version)));
                if (version == 1) Assert.Equal(AppendStatus.Ok, await DiskFolder.AppendWhenRoomAsync(store, DiskFolder.Put($"g{session}", "i", new string('x', 2_000))));
            }
        }

        await store.FlushAsync(CancellationToken.None);
        return store;
    }

    /// <summary>The newest of each session: the odd ones were written once.</summary>
    private static void Note(JournalStretch stretch, HashSet<string> seen)
    {
        foreach (var entry in stretch.Entries)
        {
            var session = Encoding.UTF8.GetString(entry.Session);
            if (session[0] == 's' && entry.Kind == JournalKind.Put && entry.Version.Milliseconds == (int.Parse(session[1..], System.Globalization.CultureInfo.InvariantCulture) % 2 == 0 ? 2 : 1)) seen.Add(session);
        }
    }
}
