using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>What a finished fill wants to have stored.</summary>
internal sealed record NewResponse(byte[] Primary, StoredResponse Head, ReadOnlyMemory<byte> Inline, IReadOnlyList<LargeValue> Chunks)
{
    public string[] VaryFields { get; init; } = [];
    public required IHeaderDictionary Asked { get; init; }
}

/// <summary>What is stored for a request, and by which fields the URL's answers vary; null where they do not, or nothing is known of it.</summary>
internal readonly record struct Lookup(FoundResponse? Found, string[]? VaryFields);

/// <summary>
/// Responses in the engine: one session for a URL, or for each variant of it. Every write has a deadline of its own, so
/// nothing outlives its use.
/// </summary>
/// <remarks>Thread-safe. A response that the engine has no room for is not stored: that is no error.</remarks>
internal sealed partial class ResponseStore(TierEngine engine, PurgeMarks purges)
{
    public const string ContentType = "application/http";

    /// <summary>How long a response that can be validated stays past its freshness.</summary>
    private static readonly TimeSpan s_validatable = TimeSpan.FromHours(24);

    /// <summary>How long any response stays past its freshness, for clients that take stale ones.</summary>
    private static readonly TimeSpan s_stale = TimeSpan.FromHours(1);
    private static readonly byte[] s_item = "r"u8.ToArray();
    private readonly HeadCache _heads = new();
    private long _refused;

    public static ReadOnlySpan<byte> Item => s_item;
    public HeadCache Heads => _heads;
    public PurgeMarks Purges => purges;
    public TierEngine Engine => engine;

    /// <summary>Responses that no tier had room for.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>The stored response that fits a request, fresh or not; null when there is none. The caller disposes it.</summary>
    public async ValueTask<FoundResponse?> FindAsync(byte[] primary, IHeaderDictionary asked, CancellationToken cancellationToken)
        => (await LookUpAsync(primary, asked, cancellationToken)).Found;

    /// <summary>As above, and where there is none, whether the URL has responses to other requests.</summary>
    public async ValueTask<Lookup> LookUpAsync(byte[] primary, IHeaderDictionary asked, CancellationToken cancellationToken)
    {
        var read = await engine.ReadAsync(primary, s_item, cancellationToken);
        var (session, varyFields) = (primary, (string[]?)null);
        if (read.Status == ReadStatus.Found && ResponseCodec.ReadMarker(read.Value.Bytes.Span) is { } marker)
        {
            (session, varyFields) = (ResponseKeys.Variant(primary, marker, asked), marker.Fields);
            read = await engine.ReadAsync(session, s_item, cancellationToken);
        }

        if (read.Status != ReadStatus.Found && HasLocalPlace(session))
        {
            session = ResponseKeys.LocalOf(session);
            read = await engine.ReadAsync(session, s_item, cancellationToken);
        }

        if (read.Status != ReadStatus.Found || _heads.Read(read.Version, read.Value.Bytes.Span) is not { } head) return new Lookup(null, varyFields);
        var isGone = purges.Covers(primary, head) || (head.Place == BodyPlace.Apart && !await HasBodyAsync(head.BodyKey, cancellationToken));
        if (!isGone) return new Lookup(await OpenAsync(head, read, session, cancellationToken), varyFields);
        await engine.DeleteSessionAsync(session, default, cancellationToken);
        return new Lookup(null, varyFields);
    }

    /// <summary>Stores a response; the session that now holds it, or null where it is nowhere.</summary>
    public async Task<byte[]?> StoreAsync(NewResponse response, CancellationToken cancellationToken)
    {
        var session = response.Primary;
        if (response.VaryFields.Length > 0)
        {
            if (response.VaryFields.Length > VaryRules.MostFields) return null;
            var marker = await MarkAsync(response, cancellationToken);
            session = ResponseKeys.Variant(response.Primary, marker, response.Asked);
        }

        if (HasLocalPlace(session)) session = await PlaceAsync(session, response.Head.Place, cancellationToken);
        if (response.Chunks.Count == 0 && TryAdd(session, response, out var added)) return await EndAsync(added, session);
        var items = new List<ItemWrite>(1 + response.Chunks.Count) { new(s_item, ContentType, new ItemValue(ResponseCodec.Write(response.Head, response.Inline.Span))) };
        for (var i = 0; i < response.Chunks.Count; i++)
        {
            response.Chunks[i].AddReference();
            items.Add(new ItemWrite(FoundResponse.ChunkName(i), ContentType, new ItemValue(response.Chunks[i])));
        }

        var outcome = await engine.ReplaceSessionAsync(session, items, OptionsFor(response.Head), cancellationToken);
        return outcome.Succeeded ? session : Refuse();
    }

    /// <summary>Puts a new head before a body that stays. Nothing happens when the response was replaced meanwhile.</summary>
    /// <returns>True where the new head stands.</returns>
    public async Task<bool> RenewAsync(FoundResponse found, StoredResponse head, CancellationToken cancellationToken)
    {
        var options = OptionsFor(head) with { Condition = new Precondition { AnyOf = [found.Version] } };
        var item = new ItemWrite(s_item, ContentType, new ItemValue(ResponseCodec.Write(head, found.Inline.Span)));
        var outcome = await engine.PutAsync(found.Session, item, options, cancellationToken);
        if (outcome.Status == WriteStatus.Unavailable && head.Place != BodyPlace.Items) outcome = await RenewAloneAsync(found, item, head, cancellationToken);
        if (head.Place == BodyPlace.Apart)
            await engine.PutAsync(head.BodyKey, BodyMark, OptionsFor(head) with { Condition = new Precondition { MustExist = true } }, cancellationToken);
        return outcome.Succeeded;
    }

    // With the tier away that decides for all sidecars, this one's own copy decides: head and body are in one item or the body has a key
    // of its own, so that the worst that can come of it is an older response that is as good.
    private async ValueTask<WriteOutcome> RenewAloneAsync(FoundResponse found, ItemWrite item, StoredResponse head, CancellationToken cancellationToken)
    {
        var present = await engine.ReadAsync(found.Session, s_item, cancellationToken);
        if (present.Status == ReadStatus.Found) present.Value.Release();
        if (present.Status != ReadStatus.Found || present.Version != found.Version) return new WriteOutcome(WriteStatus.PreconditionFailed);
        return await engine.PutAsync(found.Session, item, OptionsFor(head), cancellationToken);
    }

    /// <summary>Forgets a URL and all its variants. True when there was something.</summary>
    public async Task<bool> RemoveAsync(byte[] primary, CancellationToken cancellationToken)
    {
        var wasThere = (await engine.DeleteSessionAsync(primary, default, cancellationToken)).Status != WriteStatus.NotFound;
        await engine.DeleteSessionAsync(ResponseKeys.PartsOf(primary), default, cancellationToken);
        if (HasLocalPlace(primary)) wasThere |= (await engine.DeleteSessionAsync(ResponseKeys.LocalOf(primary), default, cancellationToken)).Status != WriteStatus.NotFound;
        return wasThere;
    }

    public static TimeSpan KeepFor(StoredResponse head)
    {
        var times = head.Freshness;
        var fresh = Math.Max(0, times.LifetimeMs - times.InitialAgeMs);
        var stale = Math.Max(times.StaleWhileRevalidateMs, times.StaleIfErrorMs);
        if (head.HasValidator) stale = Math.Max(stale, (long)s_validatable.TotalMilliseconds);
        if (!times.NeverStale) stale = Math.Max(stale, (long)s_stale.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Max(1000, fresh + stale));
    }

    private static WriteOptions OptionsFor(StoredResponse head) => new() { Ttl = KeepFor(head) };

    private async ValueTask<FoundResponse?> OpenAsync(StoredResponse head, ReadOutcome read, byte[] session, CancellationToken cancellationToken)
    {
        if (head.Place != BodyPlace.Items)
            return new FoundResponse(head, read.Version, session)
            {
                Engine = engine, Source = read.Source, Inline = read.Value.Bytes[ResponseCodec.HeadLength(read.Value.Bytes.Span)..],
            };

        var whole = await engine.ReadSessionAsync(session, cancellationToken);
        if (whole.Session is not { } snapshot) return null;
        foreach (var item in snapshot.Items)
        {
            // Between the two reads it may have been replaced: then this is the head that goes with the chunks.
            if (!item.Key.AsSpan().SequenceEqual(s_item) || ResponseCodec.Read(item.Value.Bytes.Span) is not { } same) continue;
            if (same.Place == BodyPlace.Items)
                return new FoundResponse(same, item.Version, session) { Engine = engine, Source = whole.Source, Snapshot = snapshot };
        }

        snapshot.Release();
        return null;
    }

    /// <summary>The marker of a URL whose answers vary: the one that is there, if it names the same fields.</summary>
    private async Task<VaryMarker> MarkAsync(NewResponse response, CancellationToken cancellationToken)
    {
        var read = await engine.ReadAsync(response.Primary, s_item, cancellationToken);
        var present = read.Status == ReadStatus.Found ? ResponseCodec.ReadMarker(read.Value.Bytes.Span) : null;
        var marker = present is not null && present.Fields.AsSpan().SequenceEqual(response.VaryFields)
            ? present : new VaryMarker(response.VaryFields, Random.Shared.NextInt64());
        var options = new WriteOptions { Ttl = KeepFor(response.Head) + s_validatable };
        var item = new ItemWrite(s_item, ContentType, new ItemValue(ResponseCodec.Write(marker)));
        await engine.ReplaceSessionAsync(response.Primary, [item], options, cancellationToken);
        return marker;
    }
}
