using System.Text;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Disk;

/// <summary>A real folder that goes with the test, and short words for what tests write into it.</summary>
internal sealed class DiskFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tier-disk-").FullName;

    public static SessionHeader Header(string rule = "default", long access = 0) => new()
    {
        Rule = rule, CreatedMs = 1, LastAccessMs = access, DeadlineMs = long.MaxValue, Subject = "someone", Accesses = 7,
    };

    public DiskOptions Options(long capacity = 64 << 20) => new() { Folder = Path, CapacityBytes = capacity };

    public DiskStore Open(DiskOptions? options = null, TimeProvider? time = null)
        => DiskStore.Open(options ?? Options(), PosixDisk.Instance, time ?? TimeProvider.System);

    public static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    public static ItemValue Value(string text) => new(Encoding.UTF8.GetBytes(text));

    public static DiskBatch Put(string session, string item, string value, long expiresMs = 0, ulong version = 1)
        => new DiskBatch().Put(Key(session), Header(), expiresMs, Key(item), "text/plain", new ItemVersion(version << 16, 1), Value(value));

    /// <summary>The value, or null when there is none; throws when the disk cannot say.</summary>
    public static string? Read(DiskStore store, string session, string item)
    {
        var status = store.TryReadItem(Key(session), Key(item), out var found);
        if (status == DiskReadStatus.NotFound) return null;
        Assert.Equal(DiskReadStatus.Found, status);
        var text = Encoding.UTF8.GetString(found.Item.Value.ToArray());
        found.Item.Value.Release();
        return text;
    }

    /// <summary>Durable and counted: an append is durable an instant before the store's counts know it.</summary>
    public static async Task AppendAsync(DiskStore store, DiskBatch batch)
    {
        Assert.Equal(AppendStatus.Ok, store.TryAppend(batch, out var ticket));
        Assert.True(await store.WaitDurableAsync(ticket));
        await store.FlushAsync(CancellationToken.None);
    }

    /// <summary>For whoever writes much at once: the buffer may be full, and Busy asks to wait.</summary>
    public static async Task<AppendStatus> AppendWhenRoomAsync(DiskStore store, DiskBatch batch)
    {
        AppendStatus status;
        while ((status = store.TryAppend(batch, out _)) == AppendStatus.Busy) await store.WaitRoomAsync(CancellationToken.None);
        return status;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
