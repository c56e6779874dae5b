using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Gives a problem to what the server refuses by itself. Before a request is one it asks no application, and says no more than a status;
/// its one event for that comes before the answer has a place for a body. So its answer is changed on its way out.
/// </summary>
internal static class RefusalBodies
{
    /// <summary>The longest that the server writes: a status line, and the three or four fields below.</summary>
    public const int LongestRefusal = 192;

    public static Task WatchAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Transport = new Watched(connection.Transport);
        return next(connection);
    }

    /// <summary>
    /// The answer in place of a refusal; null where this is none. A refusal is known by what it lacks: it has no body, and no field but those of
    /// the server. Every answer of the sidecar has a Content-Type, a Cache-Status or an ETag.
    /// </summary>
    public static byte[]? Replace(ReadOnlySpan<byte> answer)
    {
        if (!(answer.StartsWith("HTTP/1.1 4"u8) || answer.StartsWith("HTTP/1.1 5"u8)) || !answer.EndsWith("\r\n\r\n"u8)) return null;
        var lines = Encoding.Latin1.GetString(answer).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        if (!lines.Contains("Content-Length: 0") || !lines.Skip(1).All(IsTheServers) || ProblemOf(lines[0].Split(' ')[1]) is not { } problem) return null;
        var kept = lines.Where(line => !line.StartsWith("Con", StringComparison.Ordinal));
        var body = problem.ToBytes();
        var head = string.Join("\r\n", kept) + $"\r\nConnection: close\r\nContent-Type: {Problem.MediaType}\r\nCache-Control: no-store\r\nContent-Length: {body.Length}\r\n\r\n";
        return [.. Encoding.Latin1.GetBytes(head), .. body];
    }

    private static bool IsTheServers(string line)
        => line is "Content-Length: 0" or "Connection: close" || line.StartsWith("Date: ", StringComparison.Ordinal) || line.StartsWith("Allow: ", StringComparison.Ordinal);

    private static Problem? ProblemOf(string status) => status switch
    {
        "400" => Problems.NoRequest(),
        "405" => Problems.NoSuchTarget(),
        "408" => Problems.HeadTooSlow(),
        "414" => Problems.TargetTooLong(),
        "431" => Problems.HeadersTooLarge(),
        "505" => Problems.OtherVersion(),
        _ => null,
    };

    private sealed class Watched(IDuplexPipe inner) : IDuplexPipe
    {
        public PipeReader Input => inner.Input;
        public PipeWriter Output { get; } = new WatchedWriter(inner.Output);
    }

    /// <summary>Hands everything on. The server writes a head in one piece where there is room, and there always is for a refusal.</summary>
    private sealed class WatchedWriter(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _given;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;
        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _given = inner.GetMemory(Math.Max(sizeHint, LongestRefusal));

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            if (bytes is > 0 and <= LongestRefusal && Replace(_given.Span[..bytes]) is { } better) inner.Write(better);
            else inner.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) => inner.WriteAsync(source, cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
