using System.Text;
using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Checkpoints;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Tests.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Checkpoints;

public sealed class CheckpointStoreTests
{
    private const string Data = "/data";
    private readonly PowerCutDisk _disk = new();
    private readonly DiskBudget _budget = new(8 << 20);

    private CheckpointStore Open(KeyRing? keys = null, IDiskDoor? door = null, DiskBudget? budget = null)
        => new(Data, door ?? _disk, budget ?? _budget, keys, TimeProvider.System);

    private static IEnumerable<SessionSnapshot> Sessions(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var items = new List<ItemSnapshot> { new(DiskFolder.Key("i"), "text/plain", new ItemVersion((ulong)i, 1), DiskFolder.Value("value" + i)) };
            if (i % 10 == 0) items.Add(new ItemSnapshot(DiskFolder.Key("large"), "a/b", new ItemVersion(1, 1), ItemValue.From(Large(i))));
            yield return new SessionSnapshot(DiskFolder.Key("s" + i), DiskFolder.Header(), items);
        }
    }

    private static byte[] Large(int i) => [.. Enumerable.Repeat((byte)i, (LargeValue.ChunkBytes * 2) + 17)];

    private static void AssertSessions(CheckpointReader reader, int count)
    {
        var i = 0;
        foreach (var session in reader.Sessions())
        {
            Assert.Equal("s" + i, Encoding.UTF8.GetString(session.Key));
            Assert.Equal(DiskFolder.Header(), session.Header);
            Assert.Equal("value" + i, Encoding.UTF8.GetString(session.Items[0].Value.ToArray()));
            if (i % 10 == 0) Assert.True(Large(i).AsSpan().SequenceEqual(session.Items[1].Value.ToArray()));
            session.Release();
            i++;
        }

        Assert.Equal(count, i);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Created_Opened_GivesTheSameSessions(bool encrypted)
    {
        var keys = encrypted ? new KeyRing("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] }) : null;
        using var store = Open(keys);

        var info = await store.CreateAsync(Sessions(25), CancellationToken.None);

        Assert.Equal((25, 28), (info.Sessions, info.Items));
        Assert.Equal(info, Assert.Single(store.List()));
        using var reader = store.Open(info.Id);
        AssertSessions(reader, 25);
    }

    [Fact]
    public async Task Damaged_AnyByte_IsRefusedBeforeASessionIsGiven()
    {
        using var store = Open();
        var info = await store.CreateAsync(Sessions(5), CancellationToken.None);
        var path = $"{Data}/checkpoints/{info.Id}.ckpt";

        for (var offset = 0L; offset < info.Bytes; offset += Math.Max(1, info.Bytes / 199))
        {
            if (offset is > 200 and < CheckpointFile.HeaderBytes) offset = CheckpointFile.HeaderBytes;
            _disk.FlipBit(path, offset, 3);
            Assert.ThrowsAny<Exception>(() => store.Open(info.Id).Dispose());
            _disk.FlipBit(path, offset, 3);
        }

        using var reader = store.Open(info.Id);
        AssertSessions(reader, 5);
    }

    [Fact]
    public async Task Create_WithoutRoom_LeavesNothing()
    {
        var budget = new DiskBudget(64 * 1024);
        using var store = Open(budget: budget);
        var random = new Random(1);
        var noise = new byte[200_000];
        random.NextBytes(noise);
        var sessions = new[] { new SessionSnapshot(DiskFolder.Key("s"), DiskFolder.Header(), [new ItemSnapshot(DiskFolder.Key("i"), "a/b", new ItemVersion(1, 1), ItemValue.From(noise))]) };

        var error = await Assert.ThrowsAsync<CheckpointException>(() => store.CreateAsync(sessions, CancellationToken.None));

        Assert.Equal(CheckpointFault.NoRoom, error.Kind);
        Assert.Equal(0, budget.UsedBytes);
        Assert.Empty(_disk.List(Data + "/checkpoints"));
    }

    [Fact]
    public async Task Create_Often_KeepsTheNewest()
    {
        using var store = Open();
        var last = "";
        for (var i = 0; i < 8; i++) last = (await store.CreateAsync(Sessions(1), CancellationToken.None, keep: 3)).Id;

        Assert.Equal(3, store.List().Count);
        Assert.Equal(last, store.List()[0].Id);
        Assert.Equal(_disk.OccupiedBytes(Data), _budget.UsedBytes);
    }

    [Fact]
    public async Task PowerCut_AtEveryCall_PublishesWholeOrNothing()
    {
        for (var call = 1; ; call++)
        {
            var disk = new PowerCutDisk { CutAtCall = call };
            var created = true;
            try
            {
                using var store = Open(door: disk);
                await store.CreateAsync(Sessions(3), CancellationToken.None);
            }
            catch (CheckpointException)
            {
                created = false;
            }

            using var after = Open(door: disk.PowerOn(seed: call), budget: new DiskBudget(8 << 20));
            var list = after.List();
            Assert.True(list.Count == 1 || !created);
            foreach (var info in list)
            {
                using var reader = after.Open(info.Id);
                AssertSessions(reader, 3);
            }

            if (created) break;
        }
    }
}
