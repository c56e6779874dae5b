using System.Buffers.Binary;
using System.IO.Compression;

namespace TierOperator.Tiering.Simulation;

/// <summary>
/// Reads traces of two formats, told apart by their first bytes: gzip of big-endian 32-bit integers, one key per request;
/// or the same keys as text, a number per line (empty lines are passed over).
/// </summary>
public static class TraceFile
{
    /// <summary>What a trace has to be, for those who gave something else.</summary>
    internal const string Expected = "A trace has one key per request: gzip of big-endian 32-bit integers, or text with a whole number from 0 to 4294967295 per line.";

    /// <summary>A trace is held in memory, at up to twelve bytes a request: gzip of zeros could ask for any number.</summary>
    internal const int MostRequests = 50_000_000;

    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads at most <paramref name="limit"/> requests.</summary>
    /// <exception cref="TraceFormatException">The content is no trace, or none is in it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Trace Read(string path, int limit = int.MaxValue)
    {
        using var file = File.OpenRead(path);
        var keys = IsGzip(file) ? Integers(file, path) : TextTrace.Keys(file, path);
        var trace = Trace.From(Bounded(keys.Take(limit), path));
        return trace.Length > 0 ? trace : throw new TraceFormatException($"{path} holds no request. {Expected}");
    }

    private static IEnumerable<uint> Bounded(IEnumerable<uint> keys, string path)
    {
        var count = 0;
        foreach (var key in keys)
        {
            if (count++ == MostRequests) throw new TraceFormatException($"{path} holds more than {MostRequests} requests: take a part of them with --limit.");
            yield return key;
        }
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var isGzip = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
        file.Position = 0;
        return isGzip;
    }

    private static IEnumerable<uint> Integers(Stream file, string path)
    {
        using var unzipped = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[BufferBytes];
        for (int length; (length = Fill(unzipped, buffer, path)) > 0;)
        {
            for (var at = 0; at < length; at += sizeof(uint))
            {
                if (length - at < sizeof(uint))
                    throw new TraceFormatException($"{path} ends inside a request: its content is not a whole number of 32-bit integers.");
                yield return BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(at));
            }
        }
    }

    private static int Fill(GZipStream unzipped, byte[] buffer, string path)
    {
        try
        {
            return unzipped.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new TraceFormatException($"{path} is damaged gzip: {e.Message}", e);
        }
    }
}
