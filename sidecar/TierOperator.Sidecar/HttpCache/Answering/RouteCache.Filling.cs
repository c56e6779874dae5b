using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <remarks>Fills: beginning one or joining one, and waiting for its head.</remarks>
internal sealed partial class RouteCache
{
    /// <summary>A fill of its own, or the one that runs for the same thing.</summary>
    private Fill Begin(CacheAsk ask, byte[]? key, FoundResponse? validating, out bool isMine)
    {
        if (key is not null && (!ask.MayJoin || fills.IsAlone(key, NowMs))) key = null;
        isMine = true;
        if (key is not null)
        {
            var first = Make(ask, validating, key);
            if (fills.TryAdd(key, first, out var running)) return Started(first);
            if (IsJoinable(running, ask))
            {
                isMine = false;
                validating?.Dispose();
                return running;
            }
        }

        var single = Make(ask, validating, null);
        fills.AddSingle(single);
        return Started(single);
    }

    private static Fill Started(Fill fill)
    {
        fill.Start();
        return fill;
    }

    private Fill Make(CacheAsk ask, FoundResponse? validating, byte[]? key)
    {
        var request = new OriginRequest(ask.Entry, HttpMethods.Get, ask.Path, ask.Query, ask.Asked)
        {
            Range = ask.WantsPart ? ask.Asked.Range.ToString() : null,
            IfRange = ask.WantsPart && ask.Asked.IfRange.Count > 0 ? ask.Asked.IfRange.ToString() : null,
            IfNoneMatch = validating?.Head.ETag,
            IfModifiedSince = validating?.Head.LastModified,
        };
        var terms = new FillTerms(ask.Primary!, ask.Directives)
        {
            HasAuthorization = ask.HasAuthorization, Validating = validating, Leave = key is null ? fills.LeaveSingle : ended => fills.Leave(key, ended),
            MayBeHere = key is not null,
            Standing = ask.Standing,
            Parts = ask.WantsPart ? _parts : null,
            Lease = key is not null && store.Engine.CanLease(ask.Primary) ? new FillLease(store.Engine, key, time) : null,
        };
        return new Fill(terms, request, store, time);
    }

    // What has come already may be given to one that asks now only where a stored response could be.
    private bool IsJoinable(Fill running, CacheAsk ask)
        => !running.Head.IsCompleted
           || (running.Head is { IsCompletedSuccessfully: true } && running.Body is not null && running.IsFreshFor(ask.Directives, NowMs));

    // While the one that began a fill waits for its head.
    private static CancellationTokenRegistration Watch(HttpContext http, Fill fill, bool isMine)
        => isMine ? http.RequestAborted.UnsafeRegister(static mine => ((Fill)mine!).Abandon(), fill) : default;

    private static bool FitsVariant(Fill fill, FillHead head, CacheAsk ask)
    {
        foreach (var field in head.VaryFields)
            if (VaryRules.Normalize(field, fill.Asked[field]) != VaryRules.Normalize(field, ask.Asked[field])) return false;
        return true;
    }
}
