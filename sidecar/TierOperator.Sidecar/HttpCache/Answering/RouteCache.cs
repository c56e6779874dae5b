using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Parts;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// A GET or HEAD of a cached route that is no plain hit. 1. What is stored, and whether it may be given. 2. Else one fill,
/// begun or joined. 3. Its head decides: the answer for all, for one, what was stored after all, or an error.
/// </summary>
/// <remarks>Source: RFC 9111, 4; each step's rules are under <c>Rules</c>.</remarks>
internal sealed partial class RouteCache(ResponseStore store, FillTable fills, TimeProvider time)
{
    private readonly PartStore _parts = new(store);

    public ResponseStore Store => store;
    public FillTable Fills => fills;

    public Task AnswerAsync(HttpContext http, RouteEntry entry)
    {
        var ask = CacheAsk.Of(http, entry);
        if (ask.Primary is null) return PassThrough.SendAsync(http, entry, "bypass");
        var look = FindAsync(ask, http);
        return look.IsCompletedSuccessfully ? AnswerAsync(http, ask, look.Result) : AnswerWhenFoundAsync(http, ask, look);
    }

    private async Task AnswerWhenFoundAsync(HttpContext http, CacheAsk ask, ValueTask<Lookup> look) => await AnswerAsync(http, ask, await look);

    // A miss waits for its origin in as few methods as can be: each that waits is made, kept and woken.
    private Task AnswerAsync(HttpContext http, CacheAsk ask, Lookup look)
    {
        if (look.VaryFields is { } fields) ask = ask.OfVariant(fields);
        if (look.Found is { } found) return AnswerFoundAsync(http, ask, found);
        return ask is { IsGet: true, HasRange: false, Directives.OnlyIfCached: false } ? FetchAsync(http, ask, null, null) : AnswerMissAsync(http, ask);
    }

    private async ValueTask<Lookup> FindAsync(CacheAsk ask, HttpContext http)
    {
        var storing = fills.StoredAsync(ask.Primary!);
        if (!storing.IsCompleted) await storing.WaitAsync(http.RequestAborted);
        var look = await store.LookUpAsync(ask.Primary!, ask.Asked, http.RequestAborted);

        // A variant's fill has a key of its own.
        if (look.VaryFields is not { } fields || (storing = fills.StoredAsync(ask.OfVariant(fields).FillKey!)).IsCompleted) return look;
        look.Found?.Dispose();
        await storing.WaitAsync(http.RequestAborted);
        return await store.LookUpAsync(ask.Primary!, ask.Asked, http.RequestAborted);
    }

    private async Task AnswerFoundAsync(HttpContext http, CacheAsk ask, FoundResponse found)
    {
        using var held = found;
        ask = ask with { Standing = found.Head.Freshness };
        var nowMs = NowMs;
        var reuse = ReuseRules.Decide(found.Head.Freshness, ask.Directives, nowMs);
        var status = reuse == Reuse.Fresh ? found.Head.TextsAt(nowMs).Status : CacheStatus.StaleHit(found.Head, nowMs, null);
        if (reuse != Reuse.Validate)
        {
            await StoredAnswer.WriteAsync(http, found, found.Head, status, nowMs);
            ask.Entry.Counters.Count(reuse == Reuse.Fresh ? RouteOutcome.Hit : RouteOutcome.Stale);
            if (reuse == Reuse.StaleWhileRevalidate) await RevalidateBehindAsync(ask);
        }
        else if (ask.Directives.OnlyIfCached) await RouteProblems.NotCached().WriteAsync(http);
        else if (ask.IsGet) await FetchAsync(http, ask, found, await ReopenAsync(ask, found, http.RequestAborted));
        else
        {
            HeadFreshening.Watch(http, ask, found, store, time);
            await PassThrough.SendAsync(http, ask.Entry, WhySent(ask, found));
        }
    }

    private async Task AnswerMissAsync(HttpContext http, CacheAsk ask)
    {
        if (ask.IsGet && ask.HasRange)
        {
            var parts = await _parts.FindAsync(ask.Primary!, ask.Directives, NowMs, http.RequestAborted);
            if (parts is not null && await PartAnswer.TryWriteAsync(http, parts, NowMs))
            {
                ask.Entry.Counters.Count(RouteOutcome.Hit);
                return;
            }

            ask = ask with { WantsPart = true, Missing = parts is null ? ask.Missing : CacheStatus.Partial };
        }

        if (ask.Directives.OnlyIfCached) await RouteProblems.NotCached().WriteAsync(http);
        else if (ask.IsGet) await FetchAsync(http, ask, null, null);
        else await PassThrough.SendAsync(http, ask.Entry, ask.Missing);
    }

    /// <summary>A second hold on a stored response, for a fill that may outlive this request.</summary>
    private async ValueTask<FoundResponse?> ReopenAsync(CacheAsk ask, FoundResponse found, CancellationToken cancellationToken)
    {
        if (!found.Head.HasValidator) return null;
        var again = await store.FindAsync(ask.Primary!, ask.Asked, cancellationToken);
        if (again?.Version == found.Version) return again;
        again?.Dispose();
        return null;
    }

    private async Task FetchAsync(HttpContext http, CacheAsk ask, FoundResponse? found, FoundResponse? validating)
    {
        var fill = Begin(ask, ask.FillKey, validating, out var isMine);
        FillHead head;
        using (Watch(http, fill, isMine)) head = await (isMine ? fill.MyHead : fill.Head.WaitAsync(http.RequestAborted));
        // Whoever waited for what another one gets asks again: for its variant, with the others of that, or else for itself.
        for (var round = 0; !isMine && !IsStaleBetter(ask, found, head) && !(head.IsForMany && FitsVariant(fill, head, ask)); round++)
        {
            if (head.IsForMany) ask = ask.OfVariant(head.VaryFields);
            var again = found is null ? null : await ReopenAsync(ask, found, http.RequestAborted);
            fill = Begin(ask, head.IsForMany && round == 0 ? ask.FillKey : null, again, out isMine);
            using (Watch(http, fill, isMine)) head = await (isMine ? fill.MyHead : fill.Head.WaitAsync(http.RequestAborted));
        }

        if (IsStaleBetter(ask, found, head))
        {
            if (isMine && head.Kind == FillKind.Alone) fill.Cancel();
            await GiveStaleAsync(http, ask, found!, head);
            return;
        }

        if (isMine && ask.MayJoin && !head.IsForMany) fills.MarkAlone(ask.FillKey!, NowMs);
        await GiveAsync(http, ask, new Fetched(fill, head, isMine, found));
    }

    private async Task RevalidateBehindAsync(CacheAsk ask)
    {
        var again = await store.FindAsync(ask.Primary!, ask.Asked, CancellationToken.None);
        if (again is not null && !again.Head.HasValidator)
        {
            again.Dispose();
            again = null;
        }

        var fill = Begin(ask, ask.FillKey, again, out var isMine);
        if (isMine) fill.Detach();
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly record struct Fetched(Fill Fill, FillHead Head, bool IsMine, FoundResponse? Found);
}
