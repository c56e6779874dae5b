using TierOperator.Sidecar.HttpCache.Parts;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <remarks>What the origin answers, as it comes.</remarks>
internal sealed partial class Fill
{
    public async ValueTask StartAsync(int status, IHeaderDictionary headers, OriginTrip trip)
    {
        var exchange = new OriginExchange
        {
            Method = request.Method, Asked = terms.Directives, HasAuthorization = terms.HasAuthorization, Status = status, Headers = headers,
            AskedMs = _askedMs, ReceivedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        if (status == StatusCodes.Status304NotModified && terms.Validating is { } found && !_isOfAnother)
        {
            // One that is not about what is stored says nothing of it: then it is asked for anew, without conditions.
            _isOfAnother = !HeadBuilder.IsAbout(found.Head, headers);
            if (!_isOfAnother) Tell(await RenewAsync(found, exchange));
            return;
        }

        var isCut = trip.EndsWithConnection;
        if (terms.Parts is not null && status == StatusCodes.Status206PartialContent && !isCut) _part = PartCollector.Of(exchange, Route);
        var isWhole = status != StatusCodes.Status206PartialContent && (terms.Parts is null || status == StatusCodes.Status200OK);
        var decision = isCut || !isWhole || IsWorthLess(status) ? StorageDecision.No : StorageRules.Decide(exchange, Route.Terms);
        if (decision.Freshness is { } freshness && terms.MayShare) Share(exchange, freshness, decision.FieldsNotStored);
        else EndLease(inVain: true);
        if (Body is null) Tell(new FillHead(FillKind.Alone) { Status = status, Headers = headers });
    }

    private bool IsWorthLess(int status) => ReuseRules.IsError(status) && terms.Standing is { } standing
        && ReuseRules.MayServeOnError(standing, terms.Directives, time.GetUtcNow().ToUnixTimeMilliseconds());

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (Body is { } body)
        {
            // What came whole at once is given whole at once.
            if (body.Length + data.Length != body.Expected || !body.IsSmall) TellMine();
            await body.AppendAsync(data, cancellationToken);
            // Only this sidecar will have it.
            if (body.IsOnDisk || !body.IsKept) EndLease(inVain: true);
        }
        else if (_head.Task is { IsCompletedSuccessfully: true } head && (await head).Kind == FillKind.Alone)
        {
            _part?.Add(data.Span);
            await (await _alone.Task.WaitAsync(cancellationToken)).WriteAsync(data, cancellationToken);
        }
    }

    private void Share(OriginExchange exchange, Freshness freshness, IReadOnlyList<string> notStored)
    {
        var length = exchange.Headers.ContentLength;
        var stored = HeadBuilder.Build(exchange, freshness, notStored, Route);
        var key = Route.Route.Cache.KeepsLargeBodies ? Route.Keys.NewBody() : null;
        Body = new BodyBuffer(store, new BodyTerms(Route.LargestInMemory, key, ResponseStore.KeepFor(stored)) { LargestOnDisk = Route.LargestOnDisk }, HasBody(exchange.Status) ? length : 0);
        (_diskKey, _stored) = (key, stored);
        _first = Body.Join(0);
        if (Volatile.Read(ref _abandoned)) Abandon();
        var head = new FillHead(FillKind.Shared)
        {
            Status = exchange.Status, Headers = exchange.Headers, Stored = stored,
            OwnFields = notStored, VaryFields = VaryRules.Fields(exchange.Headers.Vary, Route.Route.Cache.Vary),
        };
        if (!head.IsForMany) EndLease(inVain: true);
        _head.TrySetResult(head);
    }

    private static bool HasBody(int status) => status is not (204 or 205);

    private async Task<FillHead> RenewAsync(FoundResponse found, OriginExchange exchange)
    {
        var renewed = HeadBuilder.Renew(found.Head, exchange, Route);
        var isRenewed = renewed is not null && !IsDoomed && await store.RenewAsync(found, renewed, CancellationToken.None);
        if (renewed is null) await store.RemoveAsync(terms.Primary, CancellationToken.None);
        var head = new FillHead(FillKind.NotModified) { Status = found.Head.Status, Stored = renewed ?? found.Head, Validated = found.Version, IsRenewed = isRenewed };
        EndLease(inVain: !isRenewed || !head.IsForMany);
        return head;
    }
}
