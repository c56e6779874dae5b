using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    /// <summary>The error that an outcome is to a Redis client; null when it is a success.</summary>
    private static string? ErrorOf(in EditOutcome outcome) => outcome.Status switch
    {
        WriteStatus.Created or WriteStatus.Replaced or WriteStatus.NotFound => null,
        WriteStatus.Accepted when outcome.Rule is { RespDegradedOk: true } => null,
        WriteStatus.Accepted => "TIERDOWN the write is journalled, but a tier that its rule waits for is away: retry later, or set resp.degraded: Ok",
        WriteStatus.NoRoom => $"OOM command not allowed when used memory > 'maxmemory'. {outcome.Detail}",
        WriteStatus.Conflict => $"CONFLICT {outcome.Detail}",
        WriteStatus.Unavailable => $"TIERDOWN {outcome.Detail}",
        WriteStatus.Backlog => $"TIERDOWN {outcome.Detail}",
        _ => $"ERR {outcome.Detail}",
    };

    // By another door, on another thread: only who tracks keys has to hear of it.
    private void OnWritten(byte[] key)
    {
        if (Tracking.Clients > 0) Post(() => Tracking.Written(null, key));
    }

    private void OnExpired(byte[] key)
    {
        if (Tracking.Clients == 0 && !Settings.Events.HasFlag(KeyEventClass.Expired)) return;
        Post(() =>
        {
            Tracking.Written(null, key);
            PubSub.Notify(new KeyEvent(KeyEventClass.Expired, "expired", key));
        });
    }
}
