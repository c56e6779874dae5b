using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis.Native;

/// <summary>A command of the app, passed on as it is; its reply is passed back as it came.</summary>
internal sealed class PassedCall(IReadOnlyList<ReadOnlyMemory<byte>> words) : RedisCall<byte[]>
{
    // A push to a list must not happen twice because its reply was lost.
    public override bool MayRepeat => false;

    public override void Write(RespWriter writer, RedisLane lane)
    {
        writer.Array(words.Count);
        foreach (var word in words) writer.Bulk(word.Span);
    }

    protected override byte[] Parse(ref RespReader reader) => reader.Frame.ToArray();

    public static NativeReply ReplyOf(in RedisAnswer<byte[]> answer)
        => answer.Fault is not { } fault ? new NativeReply(answer.Value!, null)
            : fault.Kind == RedisFaultKind.Server ? NativeReply.Of(fault.Text)
            : new NativeReply([], fault.Text);
}
