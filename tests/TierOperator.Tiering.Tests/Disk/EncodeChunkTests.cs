using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

public sealed class EncodeChunkTests
{
    [Fact]
    public async Task Take_ByManyThreadsWhileOthersGiveBack_NeverGivesTheSameBytesTwice()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() => TakeAndGiveBackAsync(new Random(seed + thread)))));
    }

    /// <summary>Writes its own mark into what it takes, and finds it unharmed when it gives it back, on whichever thread.</summary>
    private static async Task TakeAndGiveBackAsync(Random random)
    {
        var held = new List<(EncodeChunk Chunk, int Offset, byte[] Mark)>();
        for (var i = 0; i < 20_000; i++)
        {
            var mark = new byte[random.Next(1, random.Next(20) == 0 ? 40_000 : 2000)];
            random.NextBytes(mark);
            var chunk = EncodeChunk.Take(mark.Length + random.Next(100), out var offset);
            mark.CopyTo(chunk.Buffer.AsSpan(offset));
            chunk.TrimTo(offset + mark.Length);
            held.Add((chunk, offset, mark));
            while (held.Count > random.Next(200)) await GiveBackAsync(held, random.Next(held.Count));
        }

        while (held.Count > 0) await GiveBackAsync(held, 0);
    }

    private static async Task GiveBackAsync(List<(EncodeChunk Chunk, int Offset, byte[] Mark)> held, int at)
    {
        var (chunk, offset, mark) = held[at];
        held.RemoveAt(at);
        Assert.True(chunk.Buffer.AsSpan(offset, mark.Length).SequenceEqual(mark));
        if (at % 2 == 0) chunk.Release();
        else await Task.Run(chunk.Release);
    }
}
