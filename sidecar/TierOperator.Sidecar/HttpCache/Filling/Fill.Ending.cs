using TierOperator.Sidecar.HttpCache.Parts;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <remarks>What happens once the body is whole.</remarks>
internal sealed partial class Fill
{
    // The last bytes need not wait for the store: a request that comes meanwhile finds this fill, and waits in their place. One that
    // nobody finds is stored first.
    private void GiveEnd(BodyBuffer body)
    {
        body.Complete();
        TellMine();
    }

    private async Task FinishAsync(BodyBuffer body)
    {
        await body.SealAsync(_cancel.Token);
        var head = await _head.Task;

        // Whoever dooms it from here on sees that it is being stored, and waits.
        Interlocked.Exchange(ref _storing, 1);
        if (terms.MayBeHere) GiveEnd(body);
        if (IsDoomed || !body.IsKept || store.Purges.Covers(terms.Primary, head.Stored!)) return;
        var place = body.IsOnDisk ? BodyPlace.Apart : body.IsSmall ? BodyPlace.Inline : BodyPlace.Items;
        var stored = head.Stored!;
        if (place != BodyPlace.Inline || stored.BodyLength != body.Length) stored = stored with { BodyLength = body.Length, Place = place, BodyKey = body.IsOnDisk ? _diskKey! : [] };
        _storedAs = await store.StoreAsync(
            new NewResponse(terms.Primary, stored, place == BodyPlace.Inline ? body.Small : default, body.Chunks) { Asked = request.Asked, VaryFields = head.VaryFields },
            CancellationToken.None);
        if (_storedAs is not null) body.MarkStored();
    }

    // As above: a purge or a change that comes from here on waits for it.
    private async Task AddPartAsync(StoredParts part)
    {
        Interlocked.Exchange(ref _storing, 1);
        if (IsDoomed || store.Purges.Covers(terms.Primary, part.Head)) return;
        await terms.Parts!.AddAsync(terms.Primary, part, request.Asked);
    }

    // Only when others can read it do they hear that it is there; its own clients have it by now.
    private async Task EndLeaseWhenToldAsync() => EndLease(inVain: _storedAs is not { } session || !await store.IsToldAsync(terms.Primary, session));
}
