namespace TierOperator.Resp;

public sealed class RespBufferTests
{
    [Fact]
    public void Buffer_RandomFillsAndTakes_KeepsTheStream()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        using var buffer = new RespBuffer(64);
        var (written, read) = (0, 0);
        for (var round = 0; round < 20_000; round++)
        {
            var room = buffer.Room(random.Next(10) == 0 ? random.Next(1000) : 0);
            var fill = random.Next(Math.Min(room.Length, 200) + 1);
            for (var i = 0; i < fill; i++) room.Span[i] = (byte)(written++ % 251);
            buffer.Filled(fill);
            var take = random.Next(buffer.Length + 1);
            foreach (var one in buffer.Buffered[..take]) Assert.True(one == read++ % 251, $"seed {seed}, round {round}");
            buffer.Consume(take);
            buffer.Trim();
        }
    }

    [Fact]
    public void Room_FrameOfKnownLength_HoldsAllOfItAtOnce()
    {
        using var buffer = new RespBuffer(16);
        buffer.Filled(buffer.Room().Length > 8 ? 8 : 0);

        var room = buffer.Room(100_000);

        Assert.True(room.Length >= 100_000 - 8);
    }

    [Fact]
    public void Trim_EmptyBuffer_HoldsNothing()
    {
        using var buffer = new RespBuffer();
        buffer.Filled(buffer.Room().Length);
        buffer.Consume(buffer.Length);

        buffer.Trim();

        Assert.Equal(0, buffer.ReservedBytes);
    }
}
