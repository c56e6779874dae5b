using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class KeyCall
{
    private readonly List<(int At, LargeValue Value)> _inserts = [];

    /// <summary>Where the reply began when the call was aimed; -1 in a transaction, whose replies are put together later.</summary>
    private int _insertsFrom = -1;

    /// <summary>An item's value as the reply, nil where there is none; a large one is sent from where it lies.</summary>
    public void WriteValue(EditedSession session, ReadOnlySpan<byte> item)
    {
        if (_insertsFrom < 0 || session.LengthOf(item) < ItemValue.LargeFrom || session.ValueOf(item) is not { Large: { } large })
        {
            if (session.TryGet(item, out var value)) Reply.Bulk(value);
            else Reply.Null();
            return;
        }

        Reply.BulkHead(large.Length);
        _inserts.Add((Reply.Length, large));
        Reply.Raw("\r\n"u8);
    }

    /// <summary>The reply now begins at a position of the client's output: its large values go there too.</summary>
    public void MoveInserts(RespOutput output, int start)
    {
        foreach (var (at, value) in _inserts) output.Insert(at - _insertsFrom + start, value);
        _inserts.Clear();
    }

    public void ForgetInserts()
    {
        foreach (var (_, value) in _inserts) value.Release();
        _inserts.Clear();
    }
}
