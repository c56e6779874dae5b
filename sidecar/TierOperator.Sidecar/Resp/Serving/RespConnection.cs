using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Sockets;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// One client: bytes in, commands in order, replies out. A command that cannot be answered at once makes the connection busy:
/// it parses on when that command is done, so that replies keep the order of commands.
/// </summary>
/// <remarks>Belongs to the event thread.</remarks>
internal sealed partial class RespConnection(RespServer server, ClientSocket socket, long id) : IDisposable
{
    /// <summary>A client that does not read gets no further commands answered from here on.</summary>
    private const long MostUnsentBytes = 1024 * 1024;

    /// <summary>What a connection may hold of an unfinished command without asking.</summary>
    private const int FreeBytes = 64 * 1024;

    private readonly RespBuffer _in = new(32 * 1024);
    private readonly RespCommandParser _parser = new(server.Limits);
    private readonly RespArguments _arguments = new();
    private Readiness _watched = Readiness.Readable;
    private bool _isProcessing;
    private bool _isSendingSoon;

    /// <summary>Commands may lie in the buffer that were not run, because the connection was held.</summary>
    private bool _hasStopped;
    private int _neededBytes;
    private CancellationTokenSource? _blocked;

    public RespServer Server => server;
    public long Id => id;
    public ClientSocket Socket => socket;
    public RespOutput Output { get; } = new();
    public RespWriter Reply => Output.Writer;
    public ClientState State { get; } = new();
    public bool IsClosed { get; private set; }

    /// <summary>A command of this client runs elsewhere.</summary>
    public bool IsBusy { get; set; }

    /// <summary>The command that runs elsewhere waits for something to happen, perhaps for ever.</summary>
    public bool IsBlocked => _blocked is not null;

    /// <summary>A write that came while writes are paused: it runs when they go on.</summary>
    public RespArguments? Deferred { get; set; }

    /// <summary>Nothing more is read; it ends when the replies are sent.</summary>
    public bool IsLeaving { get; set; }
    public long QueryBytes => _in.Length;
    public long ReservedBytes => _in.ReservedBytes + Output.ReservedBytes;

    public void OnReady(Readiness readiness)
    {
        if ((readiness & Readiness.Writable) != 0 && !Send()) return;
        if ((readiness & (Readiness.Readable | Readiness.HungUp | Readiness.Broken | Readiness.PeerLeft)) == 0) return;
        if (IsHeld)
        {
            // It cannot be read now, but an end of the connection must not wait.
            if ((readiness & (Readiness.HungUp | Readiness.Broken)) != 0 || (IsBlocked && (readiness & Readiness.PeerLeft) != 0)) Close();
            return;
        }

        Receive();
    }

    /// <summary>A command of this client may wait for ever: the token fires when the client goes.</summary>
    public CancellationToken Block()
    {
        _blocked = new CancellationTokenSource();
        return _blocked.Token;
    }

    public void Unblock()
    {
        _blocked?.Dispose();
        _blocked = null;
    }

    /// <summary>Answers what has arrived, as far as may be.</summary>
    public void Process()
    {
        if (_isProcessing || IsClosed) return;
        _isProcessing = true;
        if (!IsHeld && Deferred is { } deferred)
        {
            Deferred = null;
            server.Execute(this, deferred);
        }

        _hasStopped = false;
        while (!IsClosed && !IsLeaving && !(_hasStopped = !MayGoOn()) && TakeCommand())
        {
        }

        _isProcessing = false;
        if (IsClosed) ForgetLarges();
        _in.Trim();
        _in.Shrink();
        if (!IsBusy && _intake is null && _larges.Count == 0 && _in.ReservedBytes <= FreeBytes && _neededBytes <= FreeBytes) GiveBack();
        Send();
    }

    /// <summary>Sends what may be sent. False when the connection is gone.</summary>
    public bool Send()
    {
        if (IsClosed) return false;
        if (!Output.Flush(socket) || (IsLeaving && Output.IsEmpty))
        {
            Close();
            return false;
        }

        server.CheckOutput(this);
        if (IsClosed) return false;
        if (_hasStopped && !IsHeld && !IsLeaving)
        {
            // The client has read on between the last command and this sending: nothing else would come by for what it has asked already.
            _hasStopped = false;
            server.ProcessSoon(this);
        }

        var wanted = (IsHeld || IsLeaving ? Readiness.None : Readiness.Readable) | (Output.IsStuck ? Readiness.Writable : Readiness.None)
            // Else nobody would hear that a client that waits has gone, and what it waits for would be lost on it.
            | (IsBlocked ? Readiness.PeerLeft : Readiness.None);
        if (wanted == _watched) return true;
        var wasHeld = (_watched & Readiness.Readable) == 0;
        _watched = wanted;
        server.Watch(socket, wanted);
        if (wasHeld && (wanted & Readiness.Readable) != 0) server.ProcessSoon(this);
        return true;
    }

    /// <summary>Where something unasked for is written: behind the replies so far.</summary>
    public RespWriter PushWriter() => Reply;

    /// <summary>Sends at the end of this turn, once however often it is asked.</summary>
    public void SendSoon()
    {
        if (_isSendingSoon || _isProcessing) return;
        _isSendingSoon = true;
        server.Soon(() =>
        {
            _isSendingSoon = false;
            Send();
        });
    }

    public void Close()
    {
        if (IsClosed) return;
        IsClosed = true;
        _blocked?.Cancel();
        if (!IsBusy) State.Transaction.Close();
        server.Forget(this);
        socket.Close();
        _intake?.Dispose();
        // A command that ends its own connection still has its arguments.
        if (!_isProcessing) ForgetLarges();
        GiveBack();
        _in.Dispose();
        Output.Dispose();
    }

    // A long pipeline of large replies is sent as it grows, and waits where the client does not read.
    private bool MayGoOn()
    {
        if (Output.Unsent <= MostUnsentBytes || Output.Flush(socket)) return !IsHeld;
        Close();
        return false;
    }

    public void Dispose()
    {
        Close();
        Unblock();
    }

    private bool IsHeld => IsBusy || Output.Unsent > MostUnsentBytes || server.IsPaused(this);
}
