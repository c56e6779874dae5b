using System.Net;
using System.Threading.Channels;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>The client's half of a stream: frames of one byte, each sent when it is said, until its end.</summary>
internal sealed class FramesContent : HttpContent
{
    private readonly Channel<byte> _frames = Channel.CreateUnbounded<byte>();

    public void Say(byte frame) => _frames.Writer.TryWrite(frame);

    public void End() => _frames.Writer.TryComplete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        await foreach (var frame in _frames.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync((byte[])[0, 0, 0, 0, 1, frame], cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
