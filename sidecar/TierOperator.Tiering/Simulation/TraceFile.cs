using System.Buffers.Binary;
using System.IO.Compression;

namespace TierOperator.Tiering.Simulation;

/// <summary>
/// Reads traces of two formats, told apart by their first bytes: gzip of big-endian 32-bit integers, one per request;
/// or plain text, one key per line (empty lines are passed over).
/// </summary>
public static class TraceFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads at most <paramref name="limit"/> requests.</summary>
    /// <exception cref="TraceFormatException">The content is no trace, or none is in it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Trace Read(string path, int limit = int.MaxValue)
    {
        using var file = File.OpenRead(path);
        var trace = IsGzip(file) ? Trace.From(Integers(file, path, limit)) : Trace.From(Lines(file, limit));
        return trace.Length > 0
            ? trace
            : throw new TraceFormatException($"{path} holds no request: a trace is one key per line, or gzip of big-endian 32-bit integers.");
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var isGzip = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
        file.Position = 0;
        return isGzip;
    }

    private static IEnumerable<string> Lines(Stream file, int limit)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        while (limit > 0 && reader.ReadLine() is { } line)
        {
            if (line.Length == 0) continue;
            limit--;
            yield return line;
        }
    }

    private static IEnumerable<uint> Integers(Stream file, string path, int limit)
    {
        using var unzipped = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[BufferBytes];
        for (int length; limit > 0 && (length = Fill(unzipped, buffer, path)) > 0;)
        {
            for (var at = 0; at < length && limit > 0; at += sizeof(uint), limit--)
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
