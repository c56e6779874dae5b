using System.Net;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A request body of random bytes of a known length, made while it is sent.</summary>
internal sealed class RandomContent(long length) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var block = new byte[64 * 1024];
        new Random(1).NextBytes(block);
        for (var left = length; left > 0; left -= block.Length)
            await stream.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)));
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }
}
