using System.Buffers;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <remarks>The first response under a URL, small as most are: a miss under load is made of these.</remarks>
internal sealed partial class ResponseStore
{
    private const int LargestKept = 64 * 1024;

    /// <summary>For one item at a time, of one thread: the engine keeps nothing of it.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_item;

    private bool TryAdd(byte[] session, NewResponse response, out EditOutcome outcome)
    {
        var item = t_item ??= new ArrayBufferWriter<byte>(2048);
        try
        {
            ResponseCodec.WriteTo(item, response.Head, response.Inline.Span);
            return engine.TryAdd(session, new ItemWrite(s_item, ContentType, new ItemValue(item.WrittenMemory)), KeepFor(response.Head), out outcome);
        }
        finally
        {
            if (item.Capacity > LargestKept) t_item = null;
            else item.ResetWrittenCount();
        }
    }

    private async ValueTask<byte[]?> EndAsync(EditOutcome added, byte[] session)
        => (await engine.AckAsync(added)).Status == WriteStatus.Replaced ? session : Refuse();

    private byte[]? Refuse()
    {
        Interlocked.Increment(ref _refused);
        return null;
    }
}
