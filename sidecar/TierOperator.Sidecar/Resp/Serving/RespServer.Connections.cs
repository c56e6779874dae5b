using TierOperator.Sidecar.Resp.Sockets;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespServer
{
    private const int AcceptsPerTurn = 1000;
    private long _pausedUntilMs;
    private bool _pausesOnlyWrites;

    /// <summary>Holds every client back until a time (by the coarse tick); with <paramref name="onlyWrites"/> only at its next write.</summary>
    public void Pause(long untilMs, bool onlyWrites)
    {
        // As Redis does, a second pause never shortens or softens the first.
        var isPaused = IsPausing;
        _pausesOnlyWrites = isPaused ? _pausesOnlyWrites && onlyWrites : onlyWrites;
        _pausedUntilMs = Math.Max(isPaused ? _pausedUntilMs : 0, untilMs);
    }

    public void Unpause()
    {
        _pausedUntilMs = 0;
        ResumeAll();
    }

    public bool IsPausing => _pausedUntilMs > Environment.TickCount64;

    public bool PausesWrites => IsPausing;

    public bool IsPaused(RespConnection connection) => _pausedUntilMs > 0 && IsPausing && (!_pausesOnlyWrites || connection.Deferred is not null);

    public void CountInput(int bytes) => Statistics.InputBytes += bytes;

    /// <summary>A client that takes pushes more slowly than they come is cut off, as Redis does with subscribers.</summary>
    public void CheckOutput(RespConnection connection)
    {
        if (connection.Output.Unsent <= Options.MostPushedBytes || !connection.State.IsSubscribed) return;
        Statistics.OutputCutOffs++;
        connection.Close();
    }

    public void Forget(RespConnection connection)
    {
        _byFile.Remove(connection.Socket.File);
        _byId.Remove(connection.Id);
        PubSub.Forget(connection);
        Tracking.Forget(connection);
    }

    private void AcceptAll()
    {
        for (var i = 0; i < AcceptsPerTurn && _isListening; i++)
        {
            if (ClientSocket.Accept((int)_listener.Handle, out var isExhausted) is not { } socket)
            {
                if (isExhausted) LogExhausted(_log);
                return;
            }

            if (_byId.Count >= Settings.MaxClients)
            {
                Statistics.TotalRejected++;
                socket.Send("-ERR max number of clients reached\r\n"u8);
                socket.Close();
                continue;
            }

            Statistics.Connections++;
            var connection = new RespConnection(this, socket, ++_lastId);
            _byFile[socket.File] = connection;
            _byId[connection.Id] = connection;
            _poller.Watch(socket.File, Readiness.Readable, isNew: true);
        }
    }

    private int WaitMs()
    {
        if (_pausedUntilMs > 0) return (int)Math.Clamp(_pausedUntilMs - Environment.TickCount64, 0, 1000);
        return -1;
    }

    private void Tick()
    {
        if (_pausedUntilMs == 0 || IsPausing) return;
        _pausedUntilMs = 0;
        ResumeAll();
    }

    private void ResumeAll()
    {
        foreach (var connection in _byId.Values.ToList()) connection.Process();
    }

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning, Message = "No more connections can be taken: the process has too many open files, or the system no memory")]
    private static partial void LogExhausted(ILogger logger);
}
