using System.Text;
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
        for (var round = 0; round < 20; round++) await DiskFolder.AppendAsync(store, DiskFolder.Put("other", "i", new string('x', 20_000), version: (ulong)round));
        await store.CompactAsync(CancellationToken.None);

        Assert.True(store.Compactions > 0, "nothing was compacted");
        var told = new List<JournalEntry>();
        for (var from = default(JournalPosition); store.ReadJournal(from) is { } stretch; from = stretch.Next) told.AddRange(stretch.Entries);
        Assert.Contains(told, static entry => entry.Kind == JournalKind.RemoveSession && entry.Version == new ItemVersion(2 << 16, 1));
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
