using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class DiskStoreTests : IDisposable
{
    private readonly DiskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Append_Returned_IsReadBeforeItIsDurable()
    {
        await using var store = _folder.Open();

        store.TryAppend(DiskFolder.Put("s", "i", "one"), out var ticket);

        Assert.Equal("one", DiskFolder.Read(store, "s", "i"));
        Assert.True(await store.WaitDurableAsync(ticket));
        Assert.Equal("one", DiskFolder.Read(store, "s", "i"));
    }

    [Fact]
    public async Task Session_Reopened_HasItsLatestItems()
    {
        await using (var store = _folder.Open())
        {
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "a", "one"));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "b", "two"));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "a", "three"));
            await DiskFolder.AppendAsync(store, new DiskBatch().DeleteItem(DiskFolder.Key("s"), DiskFolder.Header("other"), 0, DiskFolder.Key("b"), new ItemVersion(9, 9)));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "c", "four"));
            AssertContent(store);
        }

        await using var reopened = _folder.Open();
        AssertContent(reopened);

        static void AssertContent(DiskStore store)
        {
            Assert.Equal(DiskReadStatus.Found, store.TryReadSession(DiskFolder.Key("s"), out var session));
            Assert.Equal(["a=three", "c=four"], session.Items.Select(item =>
                $"{System.Text.Encoding.UTF8.GetString(item.Key)}={System.Text.Encoding.UTF8.GetString(item.Value.ToArray())}").Order());
            Assert.Equal(DiskFolder.Header(), session.Header);
            Assert.Null(DiskFolder.Read(store, "s", "b"));
            Assert.Equal((1, 2), (store.Sessions, store.Items));
        }
    }

    [Fact]
    public async Task Session_DeletedAndReplaced_KeepsNothingOfBefore()
    {
        await using (var store = _folder.Open())
        {
            for (var i = 0; i < 20; i++) await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "old" + i, "x"));
            await DiskFolder.AppendAsync(store, new DiskBatch()
                .DeleteSession(DiskFolder.Key("s"), new ItemVersion(5, 5))
                .Put(DiskFolder.Key("s"), DiskFolder.Header(), 0, DiskFolder.Key("new"), "a/b", new ItemVersion(6, 6), DiskFolder.Value("y")));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("gone", "i", "x"));
            await DiskFolder.AppendAsync(store, new DiskBatch().DeleteSession(DiskFolder.Key("gone"), new ItemVersion(5, 5)));
        }

        await using var reopened = _folder.Open();

        Assert.Equal(DiskReadStatus.NotFound, reopened.TryReadSession(DiskFolder.Key("gone"), out _));
        Assert.False(reopened.Contains(DiskFolder.Key("gone")));
        Assert.Equal(DiskReadStatus.Found, reopened.TryReadSession(DiskFolder.Key("s"), out var session));
        Assert.Equal("new", System.Text.Encoding.UTF8.GetString(Assert.Single(session.Items).Key));
        Assert.Equal(1, reopened.Items);
    }

    [Fact]
    public async Task LargeValue_Reopened_ComesBackChunkByChunk()
    {
        var bytes = new byte[(3 * LargeValue.ChunkBytes) + 1234];
        Random.Shared.NextBytes(bytes.AsSpan(0, bytes.Length / 2));
        var large = ItemValue.From(bytes);
        await using (var store = _folder.Open())
        {
            var batch = new DiskBatch().Put(DiskFolder.Key("s"), DiskFolder.Header(), 0, DiskFolder.Key("i"), "a/b", new ItemVersion(1, 1), large);
            Assert.Equal(AppendStatus.Ok, store.TryAppend(batch, out var ticket));
            AssertValue(store);
            large.Release();
            Assert.True(await store.WaitDurableAsync(ticket));
            AssertValue(store);
            await DiskFolder.AppendAsync(store, DiskFolder.Put("t", "i", "after"));
        }

        await using var reopened = _folder.Open();
        AssertValue(reopened);
        Assert.Equal("after", DiskFolder.Read(reopened, "t", "i"));

        void AssertValue(DiskStore store)
        {
            Assert.Equal(DiskReadStatus.Found, store.TryReadItem(DiskFolder.Key("s"), DiskFolder.Key("i"), out var item));
            Assert.NotNull(item.Item.Value.Large);
            Assert.True(bytes.AsSpan().SequenceEqual(item.Item.Value.ToArray()));
            item.Item.Value.Release();
        }
    }

    [Fact]
    public async Task ManySessions_AcrossSegments_AllReadAfterReopening()
    {
        var options = _folder.Options() with { SegmentBytes = 256 * 1024 };
        await using (var store = _folder.Open(options))
        {
            for (var i = 0; i < 3000; i++)
                Assert.Equal(AppendStatus.Ok, await DiskFolder.AppendWhenRoomAsync(store, DiskFolder.Put("s" + (i % 1000), "i" + (i % 7), new string('x', 300) + i)));

            await store.FlushAsync(CancellationToken.None);
            AssertAll(store);
            Assert.True(store.Segments > 2);
        }

        await using var reopened = _folder.Open(options);
        AssertAll(reopened);

        static void AssertAll(DiskStore store)
        {
            Assert.Equal(1000, store.Sessions);
            for (var i = 2000; i < 3000; i++)
                Assert.Equal(new string('x', 300) + i, DiskFolder.Read(store, "s" + (i % 1000), "i" + (i % 7)));
        }
    }

    [Fact]
    public async Task Session_AtItsExpiry_IsNotFoundToTheMillisecond()
    {
        var time = new ManualClock(10_000_000_000);
        await using var store = _folder.Open(time: time);
        await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "x", expiresMs: 10_000_000_500));

        time.NowMs = 10_000_000_499;
        Assert.Equal("x", DiskFolder.Read(store, "s", "i"));
        time.NowMs = 10_000_000_500;
        Assert.Null(DiskFolder.Read(store, "s", "i"));
        Assert.Equal(DiskReadStatus.NotFound, store.TryReadHeader(DiskFolder.Key("s"), out _, out _, out _));
    }

    [Fact]
    public async Task Open_FolderInUse_SaysSo()
    {
        await using var store = _folder.Open();

        var error = Assert.Throws<DiskStoreException>(() => _folder.Open());

        Assert.Equal(DiskStoreFault.InUse, error.Kind);
    }

    [Fact]
    public async Task Encrypted_Reopened_ReadsAndHidesItsContent()
    {
        var ring = new KeyRing("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] });
        await using (var store = _folder.Open(_folder.Options() with { Keys = ring }))
        {
            await DiskFolder.AppendAsync(store, DiskFolder.Put("secretsession", "secretitem", "secretvalue"));
            Assert.Equal("secretvalue", DiskFolder.Read(store, "secretsession", "secretitem"));
        }

        foreach (var file in Directory.EnumerateFiles(_folder.Path))
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("secret"u8) < 0, file);
        await using var reopened = _folder.Open(_folder.Options() with { Keys = ring });
        Assert.Equal("secretvalue", DiskFolder.Read(reopened, "secretsession", "secretitem"));
    }
}

internal sealed class ManualClock(long nowMs) : TimeProvider
{
    public long NowMs { get; set; } = nowMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);
}
