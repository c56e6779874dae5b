using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    private List<HeldWrite> _heldInTurn = [];

    /// <summary>A reply that waits until its write is as durable as its rule asks.</summary>
    private readonly record struct HeldWrite(RespConnection Connection, HeldReply Reply, EditOutcome Outcome);

    internal void HoldReply(RespConnection connection, EditOutcome outcome, int start)
        => _heldInTurn.Add(new HeldWrite(connection, connection.Output.Hold(start), outcome));

    /// <summary>
    /// All replies that one turn has held back are waited for at once: a wait, a way back to this thread and a send for each of them
    /// would cost more than the writes.
    /// </summary>
    private void AwaitHeld()
    {
        if (_heldInTurn.Count == 0) return;
        _ = AwaitAcksAsync(_heldInTurn);
        _heldInTurn = [];
    }

    private async Task AwaitAcksAsync(List<HeldWrite> writes)
    {
        string?[]? errors = null;
        try
        {
            // The log is decided in order: after the newest, no other is waited for.
            await Engine.AckAsync(writes[^1].Outcome);
            for (var i = 0; i < writes.Count; i++)
                if (ErrorOf(await Engine.AckAsync(writes[i].Outcome)) is { } error) (errors ??= new string?[writes.Count])[i] = error;
        }
        catch (Exception failure)
        {
            LogCommandFailed(_log, failure);
            errors = [.. writes.Select(static _ => "ERR internal error: it stands in the sidecar's log")];
        }

        Post(() => Release(writes, errors));
    }

    private static void Release(List<HeldWrite> writes, string?[]? errors)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var (connection, reply, _) = writes[i];
            if (connection.IsClosed) continue;
            connection.Output.Decide(reply, errors?[i]);
            if (i + 1 == writes.Count || writes[i + 1].Connection != connection) connection.Send();
        }
    }
}
