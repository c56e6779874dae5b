using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace TierOperator.Kubernetes.Client;

/// <summary>Cuts the stream of a watch into its JSON documents, one a line. One reader at a time.</summary>
internal sealed class WatchLines(Stream body, int mostBytes) : IAsyncDisposable
{
    private readonly PipeReader _reader = PipeReader.Create(body);

    /// <summary>The next document, which the caller disposes; null at the stream's end. Half a line at the end is a broken stream.</summary>
    public async Task<JsonDocument?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await _reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                var document = IsBlank(line) ? null : JsonDocument.Parse(line.ToArray());
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                if (document is null) continue;
                return document;
            }

            if (result.IsCompleted) return IsBlank(buffer) ? null : throw new IOException("the stream ended within an event");
            if (buffer.Length > mostBytes) throw new IOException($"an event is larger than {mostBytes} bytes");
            _reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public ValueTask DisposeAsync() => _reader.CompleteAsync();

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
            if (segment.Span.IndexOfAnyExcept(" \t\r"u8) >= 0) return false;
        return true;
    }
}
