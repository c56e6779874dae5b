using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <remarks>Answers once a fill has its head.</remarks>
internal sealed partial class RouteCache
{
    private async Task GiveAsync(HttpContext http, CacheAsk ask, Fetched fetched)
    {
        var (fill, head, isMine, found) = fetched;
        ask.Entry.Counters.Count(OutcomeOf(head, isMine));
        switch (head.Kind)
        {
            case FillKind.NotModified:
                await GiveRenewedAsync(http, ask, found, head, isMine);
                break;
            case FillKind.Shared:
                await GiveSharedAsync(http, ask, fetched);
                break;
            case FillKind.Elsewhere:
                await GiveStoredAsync(http, ask, CacheStatus.Elsewhere);
                break;
            case FillKind.Alone:
                await FilledAnswer.WriteAloneAsync(http, fill, head, StatusText(ask, head, found, false), NowMs);
                break;
            default:
                await (RouteProblems.Of(head.Fault, ask.Entry.Route.Name) with { CacheStatus = CacheStatus.Passed(WhySent(ask, found)) }).WriteAsync(http);
                break;
        }
    }

    // One that comes too late for the body's start finds it in the store.
    private async Task GiveSharedAsync(HttpContext http, CacheAsk ask, Fetched fetched)
    {
        using var reader = fetched.Fill.TakeReader(fetched.IsMine);
        var status = StatusText(ask, fetched.Head, fetched.Found, !fetched.IsMine);
        if (reader is not null)
        {
            await FilledAnswer.WriteSharedAsync(http, reader, fetched.Head, (status, fetched.IsMine), NowMs);
            return;
        }

        await GiveStoredAsync(http, ask, status);
    }

    private async Task GiveStoredAsync(HttpContext http, CacheAsk ask, string status)
    {
        using var stored = await store.FindAsync(ask.Primary!, ask.Asked, http.RequestAborted);
        if (stored is null) await PassThrough.SendAsync(http, ask.Entry, ask.Missing);
        else await StoredAnswer.WriteAsync(http, stored, stored.Head, status, NowMs);
    }

    private async Task GiveRenewedAsync(HttpContext http, CacheAsk ask, FoundResponse? found, FillHead head, bool collapsed)
    {
        var why = found?.Head.Freshness.IsFresh(NowMs) == true ? CacheStatus.Request : CacheStatus.Stale;
        var status = CacheStatus.Sent(why, StatusCodes.Status304NotModified, head.IsRenewed, !collapsed);
        if (found is not null && found.Version == head.Validated)
        {
            await StoredAnswer.WriteAsync(http, found, head.Stored!, status, NowMs);
            return;
        }

        await GiveStoredAsync(http, ask, status);
    }

    private async Task GiveStaleAsync(HttpContext http, CacheAsk ask, FoundResponse found, FillHead head)
    {
        ask.Entry.Counters.Count(RouteOutcome.Stale);
        var why = head.Kind == FillKind.Failed ? "origin-unreachable" : "origin-error";
        await StoredAnswer.WriteAsync(http, found, found.Head, CacheStatus.StaleHit(found.Head, NowMs, why), NowMs);
    }

    private bool IsStaleBetter(CacheAsk ask, FoundResponse? found, FillHead head)
        => found is not null && (head.Kind == FillKind.Failed || ReuseRules.IsError(head.Status))
           && ReuseRules.MayServeOnError(found.Head.Freshness, ask.Directives, NowMs);

    private static RouteOutcome OutcomeOf(FillHead head, bool isMine) => head.Kind switch
    {
        FillKind.Failed => RouteOutcome.Failed,
        FillKind.NotModified => RouteOutcome.Revalidated,
        FillKind.Shared when !isMine => RouteOutcome.Collapsed,
        FillKind.Elsewhere => RouteOutcome.Collapsed,
        _ => RouteOutcome.Miss,
    };

    private string StatusText(CacheAsk ask, FillHead head, FoundResponse? found, bool collapsed)
        => CacheStatus.Sent(WhySent(ask, found), head.Status, head.Kind == FillKind.Shared, collapsed);

    private string WhySent(CacheAsk ask, FoundResponse? found)
        => found is null ? ask.Missing : found.Head.Freshness.IsFresh(NowMs) ? CacheStatus.Request : CacheStatus.Stale;
}
