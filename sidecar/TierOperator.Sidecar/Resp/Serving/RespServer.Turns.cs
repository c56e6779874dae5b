using TierOperator.Sidecar.Resp.Sockets;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    private void Run()
    {
        while (!(_isStopping && _byId.Count == 0))
        {
            try
            {
                Turn();
            }
            catch (Exception error)
            {
                LogTurnFailed(_log, error);
            }
        }

        _stopped.TrySetResult();
    }

    private void Turn()
    {
        var count = _poller.Wait(_posted.IsEmpty ? WaitMs() : 0);
        try
        {
            Engine.Together((Server: this, Count: count), static turn => turn.Server.Serve(turn.Count));
        }
        finally
        {
            AwaitHeld();
        }
    }

    private void Serve(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (file, readiness) = _poller.Ready(i);
            if (file == (int)_listener.Handle) AcceptAll();
            else if (_byFile.TryGetValue(file, out var connection)) Guarded(connection, readiness);
        }

        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var work); left--) work();
        Tick();
    }

    // A fault in a command ends that client's connection, not everybody's.
    private void Guarded(RespConnection connection, Readiness readiness)
    {
        try
        {
            connection.OnReady(readiness);
        }
        catch (Exception error)
        {
            LogCommandFailed(_log, error);
            connection.Close();
        }
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Error, Message = "The Redis listener failed in a turn and goes on")]
    private static partial void LogTurnFailed(ILogger logger, Exception error);
}
