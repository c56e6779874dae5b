using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    private readonly byte[] _value = GC.AllocateUninitializedArray<byte>(ItemValue.LargeFrom);

    /// <summary>A hit in memory: no edit, no allocation; a large value is sent from where it lies.</summary>
    private bool TryGetFromMemory(RespConnection connection, RespArguments arguments)
    {
        if (!Engine.TryReadMemory(arguments[1], KeyCall.StringItem, _value, out var hit)) return false;
        if (hit.Kind != KeyCall.StringKind)
        {
            hit.Large?.Release();
            return false;
        }

        Tracking.Read(connection, arguments[1]);
        if (hit.Large is not { } large)
        {
            connection.Reply.Bulk(_value.AsSpan(0, (int)hit.Length));
            return true;
        }

        connection.Reply.BulkHead(large.Length);
        connection.Output.Insert(large);
        connection.Reply.Raw("\r\n"u8);
        return true;
    }

    /// <summary>A bare SET where memory takes it, journalled or not.</summary>
    private bool TrySetInMemory(RespConnection connection, RespArguments arguments)
    {
        if (arguments.LengthOf(2) >= ItemValue.LargeFrom || Settings.Events != KeyEventClass.None) return false;
        if (!Engine.TryPutString(arguments.Memory(1), KeyCall.StringItemName, arguments.Memory(2), mayCreate: !MayBeNative, out var outcome)) return false;
        var start = connection.Reply.Length;
        Tracking.Written(connection, arguments[1]);
        connection.Reply.Simple("OK"u8);
        if (outcome.NeedsAck) HoldReply(connection, outcome, start);
        return true;
    }
}
