using TierOperator.TestKit.Engine;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

/// <summary>What an erasure leaves of a subject in the files of checkpoints: nothing.</summary>
public sealed class ErasedCheckpointTests
{
    // Compression would hide the bytes that are searched for: what cannot be compressed stands as it is.
    private const string Spec = "tiers: {memory: {capacity: 8Mi, ttl: 1h}, spillover: {capacity: 128Mi, ttl: 7d}}";

    [Fact]
    public async Task Erase_SubjectInTwoCheckpoints_NoFileHoldsItsBytesAndTheOthersAreRestored()
    {
        await using var harness = new EngineHarness(Spec);
        var (secret, other) = (Noise(200), Noise(200));
        var large = Noise(300_000);
        await harness.PutAsync("a", "i", secret, new WriteOptions { Subject = "ann" });
        await harness.PutAsync("large", "i", large, new WriteOptions { Subject = "ann" });
        await harness.PutAsync("b", "i", other, new WriteOptions { Subject = "bob" });
        var first = await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
        var second = await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
        Assert.Equal(2, Files(harness).Count(file => Holds(file, secret)));
        Assert.Equal(2, Files(harness).Count(file => Holds(file, large.AsSpan(0, 4096))));

        var erased = await harness.Engine.EraseSubjectEverywhereAsync("ann", CancellationToken.None);

        Assert.Equal((2, 2, 0, 0), (erased.Sessions, erased.Checkpoints, erased.CheckpointsDropped, erased.CheckpointsUnread));
        Assert.DoesNotContain(Files(harness), file => Holds(file, secret) || Holds(file, large.AsSpan(0, 4096)) || Holds(file, "ann"u8));
        Assert.Equal(2, Files(harness).Count(file => Holds(file, other)));
        Assert.Equal([(second.Id, 1L), (first.Id, 1L)], harness.Engine.ListCheckpoints().Select(static info => (info.Id, info.Sessions)));
        await harness.Engine.DeleteSessionAsync(EngineHarness.Key("b"), default, CancellationToken.None);
        var restored = await harness.Engine.RestoreCheckpointAsync(first.Id, CancellationToken.None);
        Assert.Equal((1, 0), (restored.Restored, restored.Erased));
        Assert.NotNull(await harness.GetAsync("b", "i"));
        Assert.Null(await harness.GetAsync("a", "i"));
    }

    [Fact]
    public async Task Erase_ManyTimes_GivesTheDiskItsBytesBack()
    {
        await using var harness = new EngineHarness(Spec);
        await harness.PutAsync("keep", "i", Noise(2_000_000), new WriteOptions { Subject = "bob" });
        var used = new List<long>();
        for (var round = 0; round < 4; round++)
        {
            await harness.PutAsync("a", "i", Noise(200), new WriteOptions { Subject = "ann" });
            if (round == 0) await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
            await harness.Engine.EraseSubjectEverywhereAsync("ann", CancellationToken.None);
            used.Add(harness.Engine.Disk!.Budget.UsedBytes);
        }

        Assert.InRange(used[^1], 0, used[0]);
    }

    [Fact]
    public async Task Erase_CheckpointDamagedOrOfNoOneConcerned_GoesOrStaysAsItIs()
    {
        await using var harness = new EngineHarness(Spec);
        await harness.PutAsync("b", "i", Noise(200), new WriteOptions { Subject = "bob" });
        await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
        await harness.PutAsync("a", "i", Noise(200), new WriteOptions { Subject = "ann" });
        var damaged = await harness.Engine.CreateCheckpointAsync(CancellationToken.None);
        var untouched = Files(harness).Select(File.ReadAllBytes).First();
        var path = Files(harness).Single(file => file.Contains(damaged.Id, StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        var erased = await harness.Engine.EraseSubjectEverywhereAsync("ann", CancellationToken.None);

        Assert.Equal((0, 1), (erased.Checkpoints, erased.CheckpointsDropped));
        Assert.Equal(untouched, await File.ReadAllBytesAsync(Assert.Single(Files(harness))));
    }

    private static string[] Files(EngineHarness harness) => [.. Directory.GetFiles(Path.Combine(harness.Folder!, "checkpoints")).Order(StringComparer.Ordinal)];

    private static bool Holds(string file, ReadOnlySpan<byte> bytes) => File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0;

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }
}
