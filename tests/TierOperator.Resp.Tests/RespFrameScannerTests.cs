using System.Text;

namespace TierOperator.Resp;

public sealed class RespFrameScannerTests
{
    private static readonly RespLimits Limits = new() { MaxDepth = 8, MaxBulkBytes = 1024, MaxLineBytes = 64, MaxFrameBytes = 64 * 1024 };

    [Fact]
    public void Scan_RandomFramesInOneBuffer_EndsEachWhereItEnds()
    {
        var seed = Seeds.Next();
        var frames = new RandomFrames(seed);
        for (var round = 0; round < 2000; round++)
        {
            var (first, text) = frames.Next();
            var (second, _) = frames.Next();
            var scanner = new RespFrameScanner(Limits);

            var scan = scanner.Scan([.. first, .. second]);

            Assert.True(scan == RespScan.Complete, $"seed {seed}, round {round}: {scan} {scanner.Fault}");
            Assert.Equal(first.Length, scanner.FrameBytes);
            Assert.Equal(text, FrameText.Of(first));
        }
    }

    // Every byte that the scanner has passed is spoilt before the next call: were it looked at again, the result would change.
    [Fact]
    public void Scan_ByteByByte_NeverLooksBack()
    {
        var seed = Seeds.Next();
        var frames = new RandomFrames(seed);
        for (var round = 0; round < 500; round++)
        {
            var (frame, _) = frames.Next();
            var (buffer, scanner) = (new byte[frame.Length], new RespFrameScanner(Limits));
            for (var length = 1; length < frame.Length; length++)
            {
                buffer[length - 1] = frame[length - 1];
                Assert.True(scanner.Scan(buffer.AsSpan(0, length)) == RespScan.Incomplete, $"seed {seed}, round {round}, byte {length}: {scanner.Fault}");
                Assert.InRange(scanner.NeededBytes, length + 1, frame.Length);
                SpoilFinishedLines(buffer.AsSpan(0, length));
            }

            buffer[^1] = frame[^1];

            Assert.Equal(RespScan.Complete, scanner.Scan(buffer));
            Assert.Equal(frame.Length, scanner.FrameBytes);
        }
    }

    [Fact]
    public void Scan_BulkHalfArrived_SaysHowMuchIsMissing()
    {
        var scanner = new RespFrameScanner(Limits);

        var scan = scanner.Scan("$1000\r\nab"u8);

        Assert.Equal(RespScan.Incomplete, scan);
        Assert.Equal(7 + 1000 + 2, scanner.NeededBytes);
    }

    [Theory]
    [InlineData("*1000000000\r\n")]
    [InlineData("%1000000000\r\n")]
    public void Scan_PromiseOfABillionElements_AllocatesNothing(string head)
    {
        var (scanner, bytes) = (new RespFrameScanner(Limits), Encoding.ASCII.GetBytes(head));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var scan = scanner.Scan(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(RespScan.Incomplete, scan);
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData("?\r\n", "begins with the byte 0x3f")]
    [InlineData(":12a\r\n", "an integer that is none")]
    [InlineData(":\r\n", "an integer that is none")]
    [InlineData("$abc\r\n", "length is no number")]
    [InlineData("$-2\r\n", "out of bounds")]
    [InlineData("$1025\r\n", "out of bounds")]
    [InlineData("$99999999999999999999\r\n", "length is no number")]
    [InlineData("$3\r\nabcde", "does not end where its length says")]
    [InlineData("*-5\r\n", "out of bounds")]
    [InlineData("*3000000000\r\n", "out of bounds")]
    [InlineData("#x\r\n", "neither t nor f")]
    [InlineData("_1\r\n", "null with a value")]
    [InlineData("=3\r\nabc\r\n", "without its form")]
    [InlineData("+abc\n", "CR LF")]
    [InlineData("\n", "CR LF")]
    [InlineData("\r\n", "CR LF")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "too deep")]
    public void Scan_BrokenFrame_IsRefusedWithItsReason(string frame, string reason)
    {
        var scanner = new RespFrameScanner(Limits);

        var scan = scanner.Scan(Encoding.ASCII.GetBytes(frame));

        Assert.Equal(RespScan.Faulty, scan);
        Assert.Contains(reason, scanner.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_LineWithoutEnd_IsRefusedAtItsLimit()
    {
        var scanner = new RespFrameScanner(Limits);

        var scan = scanner.Scan(Encoding.ASCII.GetBytes("+" + new string('a', 65)));

        Assert.Equal(RespScan.Faulty, scan);
    }

    [Fact]
    public void Scan_FrameOverItsLimit_IsRefused()
    {
        var (scanner, element) = (new RespFrameScanner(Limits), Encoding.ASCII.GetBytes("$1000\r\n" + new string('x', 1000) + "\r\n"));
        byte[] frame = [.. "*100\r\n"u8, .. Enumerable.Repeat(element, 65).SelectMany(bytes => bytes)];

        var scan = scanner.Scan(frame);

        Assert.Equal(RespScan.Faulty, scan);
        Assert.Contains("out of bounds", scanner.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_RandomlySpoiltFrames_NeverThrowsAndReaderAgrees()
    {
        var seed = Seeds.Next();
        var (frames, random) = (new RandomFrames(seed), new Random(seed));
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = frames.Next().Bytes;
            for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var scanner = new RespFrameScanner(Limits);

            if (scanner.Scan(bytes) == RespScan.Complete) FrameText.Of(bytes.AsSpan(0, scanner.FrameBytes));
        }
    }

    // What ends in LF is done with; the open line and an open bulk string are still needed.
    private static void SpoilFinishedLines(Span<byte> seen)
    {
        var end = seen.LastIndexOf((byte)'\n');
        if (end > 2) seen[..(end - 1)].Fill((byte)'!');
    }
}
