using TierOperator.Sidecar.HttpCache.Parts;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>
/// One request to an origin and all who wait for it. 1. The head comes, and it is decided who may have the answer. 2. The
/// body flows to all waiters while it fills. 3. When it is whole, its readers have it, and it is stored; what broke off never is. Who
/// asks meanwhile waits for that.
/// </summary>
/// <remarks>It goes on when clients leave, but for an answer that nobody else may have. Thread-safe.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free, and a client may cancel it after the fill has ended.")]
internal sealed partial class Fill(FillTerms terms, OriginRequest request, ResponseStore store, TimeProvider time) : IAnswerSink
{
    private readonly TaskCompletionSource<FillHead> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Its continuation runs in place: the client that began the fill is answered without another thread having to wake up.
    private readonly TaskCompletionSource<FillHead> _mine = new();
    private readonly TaskCompletionSource<Stream> _alone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private readonly long _askedMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private byte[]? _diskKey;
    private StoredResponse? _stored;
    private BodyReader? _first;
    private byte[]? _storedAs;
    private PartCollector? _part;
    private bool _abandoned;
    private bool _isOfAnother;
    private int _doomed;
    private int _storing;
    private Task _done = Task.CompletedTask;

    public Task<FillHead> Head => _head.Task;

    /// <summary>The head for the client that began it: with a body that came in one piece, when that is stored.</summary>
    public Task<FillHead> MyHead => _mine.Task;
    public FillTerms Terms => terms;
    public IHeaderDictionary Asked => request.Asked;
    public RouteEntry Route => request.Route;

    /// <summary>Set with a shared head.</summary>
    public BodyBuffer? Body { get; private set; }

    /// <summary>Ends with the whole body stored, or given up.</summary>
    public Task Done => _done;

    /// <summary>Whether the whole answer came; for who awaits <see cref="Done"/>.</summary>
    public bool CameWhole { get; private set; }

    public void Start() => _done = RunAsync();

    /// <summary>True once the body is whole and its clients have it, while the response is on its way into the store.</summary>
    public bool IsStoring => Volatile.Read(ref _storing) != 0;

    /// <summary>
    /// What is asked for was changed or purged meanwhile: the answer goes to who waits, and is not stored. Where it comes too late for
    /// that, <see cref="IsStoring"/> is true from before, and <see cref="Done"/> says when it can be taken out again.
    /// </summary>
    public void Doom() => Interlocked.Exchange(ref _doomed, 1);

    /// <summary>Where an answer for one client goes.</summary>
    public void SendTo(Stream client) => _alone.TrySetResult(client);

    /// <summary>
    /// The client that began it has left before the head came. Others may wait for it, and what may be shared is worth
    /// storing; what may not ends when its head says so.
    /// </summary>
    public void Abandon()
    {
        _alone.TrySetCanceled();
        Volatile.Write(ref _abandoned, true);
        _mine.TrySetCanceled();
        if (_mine.Task.IsCanceled) TakeReader(true)?.Dispose();
    }

    /// <summary>No client waits for it, from the beginning or any longer, and it goes on for the store alone.</summary>
    public void Detach()
    {
        Abandon();
        TakeReader(true)?.Dispose();
    }

    /// <summary>
    /// A place at the body's start. The one that began the fill has had one since the head came; null for another that comes
    /// when the body is gone from here.
    /// </summary>
    public BodyReader? TakeReader(bool isMine) => isMine ? Interlocked.Exchange(ref _first, null) : Body?.Join(0);

    /// <summary>Whether what has come may be given to a request that comes only now.</summary>
    public bool IsFreshFor(RequestDirectives asked, long nowMs)
        => _stored is { } stored && ReuseRules.Decide(stored.Freshness, asked, nowMs) == Reuse.Fresh;

    /// <summary>The one client of an answer that nobody else may have is gone.</summary>
    public void Cancel()
    {
        _alone.TrySetCanceled();
        if (!_done.IsCompleted) _cancel.Cancel();
    }

    private async Task RunAsync()
    {
        var (fault, isElsewhere) = (OriginFault.Unreachable, false);
        try
        {
            isElsewhere = IsHere() || (terms.Lease is { } lease && await lease.TakeTurnAsync(IsThereAsync, Route.Route.Origin.Timeout, _cancel.Token) == LeaseTurn.Elsewhere);
            fault = isElsewhere ? OriginFault.None : await AskAsync();
            if (fault == OriginFault.None && Body is { } body) await FinishAsync(body);
            else if (fault == OriginFault.None && _part?.Whole is { } part) await AddPartAsync(part);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or HttpRequestException)
        {
            fault = OriginFault.BrokenOff;
        }
        finally
        {
            CameWhole = fault == OriginFault.None;
            terms.Leave(this);
            if (fault == OriginFault.None || IsStoring) Body?.Complete();
            else Body?.Fail();
            Body?.Release();
            terms.Validating?.Dispose();
            Tell(isElsewhere ? new FillHead(FillKind.Elsewhere) : new FillHead(FillKind.Failed) { Fault = fault });
            if (terms.Lease is not null) _ = EndLeaseWhenToldAsync();
        }
    }

    private async Task<OriginFault> AskAsync()
    {
        var fault = await request.SendAsync(this, _cancel);
        return fault == OriginFault.None && _isOfAnother
            ? await (request with { IfNoneMatch = null, IfModifiedSince = null }).SendAsync(this, _cancel)
            : fault;
    }

    private bool IsDoomed => Volatile.Read(ref _doomed) != 0;

    // Between a client's look into the store and its fill another fill may have ended.
    private bool IsHere()
        => terms.MayBeHere && store.HasFreshHere(terms.Primary, request.Asked, terms.Directives, time.GetUtcNow().ToUnixTimeMilliseconds());

    private void Tell(FillHead head)
    {
        _head.TrySetResult(head);
        TellMine();
    }

    private void TellMine()
    {
        if (_head.Task.IsCompleted) _mine.TrySetResult(_head.Task.GetAwaiter().GetResult());
    }

    private ValueTask<bool> IsThereAsync()
        => IsDoomed ? new(false) : store.HasFreshAsync(terms.Primary, request.Asked, terms.Directives, time.GetUtcNow().ToUnixTimeMilliseconds());

    // Nobody here waits for it: with the tier away the lease ends by its own time.
    private void EndLease(bool inVain) => _ = terms.Lease?.EndAsync(inVain);
}
