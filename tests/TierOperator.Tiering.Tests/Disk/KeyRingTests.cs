using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class KeyRingTests : IDisposable
{
    private readonly DiskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static KeyRing Ring(string current, params string[] ids)
        => new(current, ids.ToDictionary(id => id, id => Enumerable.Repeat((byte)id[^1], KeyRing.KeyBytes).ToArray()));

    [Fact]
    public async Task Rotation_OldKeyReads_CompactionRewritesUnderTheNew()
    {
        await using (var store = _folder.Open(_folder.Options() with { Keys = Ring("k1", "k1") }))
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "value"));

        await using (var store = _folder.Open(_folder.Options() with { Keys = Ring("k2", "k1", "k2") }))
        {
            Assert.Equal("value", DiskFolder.Read(store, "s", "i"));
            await store.CompactAsync(CancellationToken.None);
            Assert.Equal("value", DiskFolder.Read(store, "s", "i"));
            Assert.Equal(["k2"], store.RecordsByKey().Keys);
        }

        await using var reopened = _folder.Open(_folder.Options() with { Keys = Ring("k2", "k2") });
        Assert.Equal("value", DiskFolder.Read(reopened, "s", "i"));
    }

    [Fact]
    public async Task Open_KeyMissingOrWrong_SaysWhich()
    {
        await using (var store = _folder.Open(_folder.Options() with { Keys = Ring("k1", "k1") }))
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "value"));

        var none = Assert.Throws<DiskStoreException>(() => _folder.Open());
        var other = Assert.Throws<DiskStoreException>(() => _folder.Open(_folder.Options() with { Keys = Ring("k9", "k9") }));
        var wrong = Assert.Throws<DiskStoreException>(() => _folder.Open(_folder.Options() with
        {
            Keys = new KeyRing("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] }),
        }));

        Assert.Equal((DiskStoreFault.KeyMissing, DiskStoreFault.KeyMissing, DiskStoreFault.KeyWrong), (none.Kind, other.Kind, wrong.Kind));
        Assert.All([none, other, wrong], error => Assert.Contains("'k1'", error.Message));
    }

    [Fact]
    public void FromFolder_RawBase64AndHex_AreRead()
    {
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        File.WriteAllBytes(Path.Combine(_folder.Path, "raw"), key);
        File.WriteAllText(Path.Combine(_folder.Path, "text"), Convert.ToBase64String(key) + "\n");
        File.WriteAllText(Path.Combine(_folder.Path, "hex"), Convert.ToHexString(key));
        File.WriteAllText(Path.Combine(_folder.Path, "current"), "text\n");

        var ring = KeyRing.FromFolder(_folder.Path);

        Assert.Equal("text", ring.CurrentId);
        Assert.All(["raw", "text", "hex"], id =>
        {
            Assert.True(ring.TryGet(id, out var read));
            Assert.Equal(key, read);
        });
    }

    [Theory]
    [InlineData("current", "k1", "k1", "short", DiskStoreFault.KeyWrong)]
    [InlineData("current", "k2", "k1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", DiskStoreFault.KeyMissing)]
    [InlineData("other", "k1", "k1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", DiskStoreFault.KeyMissing)]
    public void FromFolder_Incomplete_SaysWhatToDo(string file, string current, string id, string key, DiskStoreFault expected)
    {
        File.WriteAllText(Path.Combine(_folder.Path, file), current);
        File.WriteAllText(Path.Combine(_folder.Path, id), key);

        var error = Assert.Throws<DiskStoreException>(() => KeyRing.FromFolder(_folder.Path));

        Assert.Equal(expected, error.Kind);
    }
}
