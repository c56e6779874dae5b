using System.Runtime.CompilerServices;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Disk;

/// <summary>Committed bytes of each format are read by every later program. TIER_WRITE_GOLDEN=1 writes them anew.</summary>
public sealed class GoldenFormatTests : IDisposable
{
    private readonly DiskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string GoldenFolder(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);

    private DiskOptions Options(string name) => _folder.Options() with
    {
        Compression = CompressionKind.Brotli,
        Keys = name.EndsWith("encrypted", StringComparison.Ordinal) ? new KeyRing("golden", new Dictionary<string, byte[]> { ["golden"] = new byte[32] }) : null,
    };

    [Theory]
    [InlineData("v1-clear")]
    [InlineData("v1-encrypted")]
    public async Task Format_Committed_IsRead(string name)
    {
        if (Environment.GetEnvironmentVariable("TIER_WRITE_GOLDEN") == "1") await WriteAsync(name);
        foreach (var file in Directory.EnumerateFiles(GoldenFolder(name))) File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)), overwrite: true);

        await using var store = _folder.Open(Options(name));

        Assert.Equal(0, store.BadRecords);
        Assert.Equal(1, store.ScannedSegments);
        Assert.Equal("one", DiskFolder.Read(store, "s", "a"));
        Assert.Equal(new string('z', 5000), DiskFolder.Read(store, "s", "long"));
        Assert.Null(DiskFolder.Read(store, "s", "gone"));
        Assert.Equal(DiskReadStatus.NotFound, store.TryReadSession(DiskFolder.Key("deleted"), out _));
        Assert.Equal(DiskReadStatus.Found, store.TryReadSession(DiskFolder.Key("large"), out var large));
        Assert.Equal(LargeContent(), Assert.Single(large.Items).Value.ToArray());
        Assert.Equal(DiskFolder.Header("touched"), large.Header);
    }

    [Fact]
    public async Task Format_Newer_IsRefused()
    {
        await using (var store = _folder.Open()) await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "x"));
        var manifest = Path.Combine(_folder.Path, Manifest.FileName);
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal));

        var error = Assert.Throws<DiskStoreException>(() => _folder.Open());

        Assert.Equal(DiskStoreFault.NewerFormat, error.Kind);
    }

    [Fact]
    public async Task Segment_OfNewerFormat_IsRefused()
    {
        await using (var store = _folder.Open()) await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "i", "x"));
        var segment = Directory.EnumerateFiles(_folder.Path, "seg-*").Single();
        var bytes = File.ReadAllBytes(segment);
        bytes[12] = 2;
        BitConverter.TryWriteBytes(bytes, Crc32C.Compute(bytes.AsSpan(4, SegmentHeader.Bytes - 4)));
        File.WriteAllBytes(segment, bytes);

        var error = Assert.Throws<DiskStoreException>(() => _folder.Open());

        Assert.Equal(DiskStoreFault.NewerFormat, error.Kind);
    }

    private static byte[] LargeContent() => [.. Enumerable.Range(0, ItemValue.LargeFrom + 10).Select(i => (byte)(i / 1000))];

    private async Task WriteAsync(string name)
    {
        await using (var store = _folder.Open(Options(name)))
        {
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "a", "one"));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "long", new string('z', 5000)));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("s", "gone", "x"));
            await DiskFolder.AppendAsync(store, new DiskBatch().DeleteItem(DiskFolder.Key("s"), DiskFolder.Header(), 0, DiskFolder.Key("gone"), new ItemVersion(2, 2)));
            await DiskFolder.AppendAsync(store, DiskFolder.Put("deleted", "i", "x"));
            await DiskFolder.AppendAsync(store, new DiskBatch().DeleteSession(DiskFolder.Key("deleted"), new ItemVersion(3, 3)));
            await DiskFolder.AppendAsync(store, new DiskBatch().Put(DiskFolder.Key("large"), DiskFolder.Header(), 0, DiskFolder.Key("i"), "a/b", new ItemVersion(4, 4), ItemValue.From(LargeContent())));
            await DiskFolder.AppendAsync(store, new DiskBatch().PutHeader(DiskFolder.Key("large"), DiskFolder.Header("touched"), 0));
        }

        Directory.CreateDirectory(GoldenFolder(name));
        foreach (var file in Directory.EnumerateFiles(_folder.Path).Where(file => Path.GetFileName(file) is var own && (own.StartsWith("seg-", StringComparison.Ordinal) || own == Manifest.FileName)))
            File.Copy(file, Path.Combine(GoldenFolder(name), Path.GetFileName(file)), overwrite: true);
        foreach (var file in Directory.EnumerateFiles(_folder.Path)) File.Delete(file);
    }
}
