using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>In RESP3 a subscription is confirmed by a push and has no reply of its own.</summary>
internal sealed class SubscribeCall(byte[] channel) : RedisCall
{
    public override bool HasReply => false;

    public override void Write(RespWriter writer, RedisLane lane)
    {
        writer.Array(2);
        writer.Bulk("SUBSCRIBE"u8);
        writer.Bulk(channel);
    }

    protected override void CompleteReply(RespReader reader)
    {
        // Never called: there is no reply.
    }

    protected override void CompleteFault(RedisFault fault)
    {
        // The connection's end says as much.
    }
}
