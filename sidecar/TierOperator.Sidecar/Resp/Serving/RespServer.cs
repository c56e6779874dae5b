using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using TierOperator.Resp;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Sidecar.Resp.Native;
using TierOperator.Sidecar.Resp.Sockets;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// The Redis listener. One thread owns every connection and all that clients share (subscriptions, tracking, settings), so none
/// of it needs a lock. 1. Wait for sockets. 2. Read, run commands, send once per batch. 3. Run what other threads have posted.
/// </summary>
/// <remarks>
/// Nothing on that thread waits: an edit that cannot be done in memory at once runs on the pool, and its connection is busy until
/// it is posted back.
/// </remarks>
internal sealed partial class RespServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Poller _poller = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<int, RespConnection> _byFile = [];
    private readonly SortedDictionary<long, RespConnection> _byId = [];
    private readonly Thread _thread;
    private readonly ILogger _log;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStopping;
    private bool _isListening = true;
    private long _lastId;

    private RespServer(Socket listener, TierEngine engine, PolicyState policy, RespOptions options, TimeProvider time, ILogger log)
    {
        (_listener, Engine, Policy, Options, Time, _log) = (listener, engine, policy, options, time, log);
        Limits = new RespCommandLimits { MaxBulkBytes = options.MaxBulkBytes, LargeFrom = ItemValue.LargeFrom };
        Settings = new RespSettings(options);
        PubSub = new PubSub(this);
        Tracking = new TrackingTable(this);
        Native = NativeWorld.Of(engine, time);
        if (Native is not null) Native.Channels.Received += message => Post(() => PubSub.Deliver(message));
        engine.SessionWritten += OnWritten;
        engine.SessionExpired += OnExpired;
        _thread = new Thread(Run) { IsBackground = true, Name = "resp" };
    }

    public TierEngine Engine { get; }
    public PolicyState Policy { get; }
    public TimeProvider Time { get; }
    public RespOptions Options { get; }
    public RespCommandLimits Limits { get; }
    public RespSettings Settings { get; }
    public PubSub PubSub { get; }
    public TrackingTable Tracking { get; }
    public RespStatistics Statistics { get; } = new();
    public SlowLog SlowLog { get; } = new();
    public CommandTable Commands { get; } = CommandTable.Create();

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Every connection, oldest first. For the event thread.</summary>
    public IEnumerable<RespConnection> Connections => _byId.Values;

    public int ConnectionCount => _byId.Count;

    /// <summary>Binds and serves. Throws <see cref="StartFault"/> when it cannot bind.</summary>
    public static RespServer Start(IPEndPoint endpoint, TierEngine engine, PolicyState policy, RespOptions options, TimeProvider time, ILogger log)
    {
        var listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(endpoint);
            listener.Listen(511);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new StartFault(ExitCode.Address, e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"{endpoint} is in use by another process: choose another resp port with {Hosting.Settings.RespPort.Flag}, or 0 for a free one"
                : $"the resp listener cannot use {endpoint}: {e.Message}");
        }

        listener.Blocking = false;
        var server = new RespServer(listener, engine, policy, options, time, log);
        server._poller.Watch((int)listener.Handle, Readiness.Readable, isNew: true);
        server._thread.Start();
        return server;
    }

    /// <summary>Takes no new connection, answers what has arrived, and cuts off what is left when the token fires.</summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        Post(BeginStop);
        using var registration = deadline.Register(() => Post(CloseAll));
        await _stopped.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Engine.SessionWritten -= OnWritten;
        Engine.SessionExpired -= OnExpired;
        await StopAsync(new CancellationToken(canceled: true));
        if (Native is not null) await Native.DisposeAsync();
        _poller.Dispose();
        _listener.Dispose();
    }

    /// <summary>Has something done on the event thread, soon. For every thread.</summary>
    public void Post(Action work)
    {
        _posted.Enqueue(work);
        _poller.Wake();
    }

    /// <summary>Has something done at the end of this turn. For the event thread.</summary>
    public void Soon(Action work) => _posted.Enqueue(work);

    public void ProcessSoon(RespConnection connection) => _posted.Enqueue(connection.Process);

    public void Watch(ClientSocket socket, Readiness wanted) => _poller.Watch(socket.File, wanted, isNew: false);

    public RespConnection? Find(long id) => _byId.GetValueOrDefault(id);

    private void BeginStop()
    {
        if (_isStopping) return;
        _isStopping = true;
        _isListening = false;
        _listener.Close();
        foreach (var connection in _byId.Values.ToList())
        {
            connection.IsLeaving = true;
            if (connection.IsBlocked) connection.Close();
            else if (!connection.IsBusy) connection.Send();
        }
    }

    private void CloseAll()
    {
        foreach (var connection in _byId.Values.ToList()) connection.Close();
    }

    [LoggerMessage(EventId = 61, Level = LogLevel.Error, Message = "A Redis command failed; its connection was closed")]
    private static partial void LogCommandFailed(ILogger logger, Exception error);
}
