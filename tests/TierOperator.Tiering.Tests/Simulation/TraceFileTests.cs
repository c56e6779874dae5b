using System.Buffers.Binary;
using System.IO.Compression;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Tiering.Tests.Simulation;

public sealed class TraceFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_GzipOfIntegers_RenumbersInOrderOfFirstRequest()
    {
        WriteGzip(70_000, 5, 70_000, 1, 5);

        var trace = TraceFile.Read(_path);

        Assert.Equal([0, 1, 0, 2, 1], trace.Requests.ToArray());
        Assert.Equal(3, trace.DistinctKeys);
    }

    [Fact]
    public void Read_Text_TakesEachLineAsAKey()
    {
        File.WriteAllText(_path, "17\r\n4294967295\n\n17");

        var trace = TraceFile.Read(_path);

        Assert.Equal([0, 1, 0], trace.Requests.ToArray());
    }

    [Theory]
    [InlineData("1\n2\nchat:1\n", 3, "chat:1")]
    [InlineData("apiVersion: tieroperator.io/v1alpha1\n", 1, "apiVersion: tieroperator.io/v1alpha1")]
    [InlineData("1\n\n 2\n", 3, " 2")]
    [InlineData("-1", 1, "-1")]
    [InlineData("4294967296", 1, "4294967296")]
    [InlineData("1\n99999999999999999999999999999999999999999999", 2, "9999999999999999999999999999999999999999")]
    [InlineData("\0\0\0\u0001\u001b[31m", 1, "?????[31m")]
    public void Read_TextOfAnotherKind_NamesTheLineAndWhatIsExpected(string text, int line, string shown)
    {
        File.WriteAllText(_path, text);

        var refused = Assert.Throws<TraceFormatException>(() => TraceFile.Read(_path));

        Assert.Contains($"line {line} is \"{shown}\"", refused.Message, StringComparison.Ordinal);
        Assert.Contains("gzip of big-endian 32-bit integers, or text with a whole number", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MoreRequestsThanMemoryShouldHold_AsksForALimit()
    {
        using (var gzip = new GZipStream(File.Create(_path), CompressionLevel.Fastest))
        {
            var zeros = new byte[1 << 20];
            for (var written = 0L; written <= 4L * TraceFile.MostRequests; written += zeros.Length) gzip.Write(zeros);
        }

        Assert.Contains("--limit", Assert.Throws<TraceFormatException>(() => TraceFile.Read(_path)).Message, StringComparison.Ordinal);
        Assert.Equal(10, TraceFile.Read(_path, limit: 10).Length);
    }

    [Fact]
    public void Read_LongGzip_ReadsAllAndStopsAtTheLimit()
    {
        WriteGzip([.. Enumerable.Range(0, 100_000)]);

        Assert.Equal(100_000, TraceFile.Read(_path).Length);
        Assert.Equal(99_999, TraceFile.Read(_path, limit: 99_999).Length);
    }

    [Fact]
    public void Read_BytesLeftOver_SaysThatItEndsInsideARequest()
    {
        using (var gzip = new GZipStream(File.Create(_path), CompressionLevel.Fastest)) gzip.Write([0, 0, 0, 1, 0, 0]);

        var refused = Assert.Throws<TraceFormatException>(() => TraceFile.Read(_path));

        Assert.Contains("ends inside a request", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedGzip_NamesTheFile()
    {
        WriteGzip([.. Enumerable.Range(0, 1_000)]);
        var bytes = File.ReadAllBytes(_path);
        bytes.AsSpan(20, 40).Fill(0xFF);
        File.WriteAllBytes(_path, bytes);

        var refused = Assert.Throws<TraceFormatException>(() => TraceFile.Read(_path));

        Assert.Contains(_path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Empty_SaysWhatATraceIs()
    {
        var refused = Assert.Throws<TraceFormatException>(() => TraceFile.Read(_path));

        Assert.Contains("one key per request", refused.Message, StringComparison.Ordinal);
    }

    private void WriteGzip(params int[] keys)
    {
        using var gzip = new GZipStream(File.Create(_path), CompressionLevel.Fastest);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var key in keys)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes, key);
            gzip.Write(bytes);
        }
    }
}
