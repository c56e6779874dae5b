using System.Buffers.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// A page of the sessions of one tier; or of all, local ones first, then those that only the last shared tier holds.
    /// </summary>
    /// <exception cref="FormatException">The cursor is not one that a listing has given.</exception>
    public async ValueTask<SessionPage> ListAsync(byte[] prefix, TierSet tier, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var loop = tier == TierSet.None ? _shared?.Loops[^1] : _shared?.Of(tier);
        if (loop is not null && (tier != TierSet.None || cursor is ['r', ..])) return await ListThereAsync(loop, prefix, tier, limit, cursor, cancellationToken);
        if (tier is TierSet.Redis or TierSet.Postgres) return new SessionPage([], null);
        var page = await ListHereAsync(prefix, tier, limit, cursor, cancellationToken);
        return page.Next is null && loop is not null ? page with { Next = "r" } : page;
    }

    private async ValueTask<SessionPage> ListThereAsync(SyncLoop loop, byte[] prefix, TierSet tier, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var after = string.IsNullOrEmpty(cursor) ? [] : cursor[0] == 'r' ? Base64Url.DecodeFromChars(cursor.AsSpan(1)) : throw new FormatException("The cursor is not one that a listing of this tier has given.");
        var listing = loop.Link.CanRead ? await loop.Link.Tier.ListAsync(prefix, after, limit, cancellationToken) : new RemoteListing(RemoteReadStatus.Unavailable, []);
        if (listing.Status != RemoteReadStatus.Found) return new SessionPage([], null) { Unavailable = loop.Link.Flag };
        var sessions = listing.Sessions
            .Where(listed => !ReservedKeys.IsReserved(listed.Key) && (tier != TierSet.None || !IsHere(listed.Key, _memory.HashOf(listed.Key))))
            .Select(listed => new SessionListing(listed.Key, loop.Link.Flag, listed.Bytes, listed.Items, listed.LastAccessMs)).ToList();
        var next = listing.Sessions.Count < limit ? null : "r" + Base64Url.EncodeToString(listing.Sessions[^1].Key);
        return new SessionPage(sessions, next);
    }

    /// <summary>What each shared tier of a session's rules holds of it, asked now: for people and tools.</summary>
    public async ValueTask<IReadOnlyList<SharedCopy>> CopiesThereAsync(byte[] session, CancellationToken cancellationToken)
    {
        var copies = new List<SharedCopy>();
        var tiers = _rules.SharedTiersOf(session);
        foreach (var loop in _shared?.Loops ?? [])
        {
            if (!tiers.HasFlag(loop.Link.Flag)) continue;
            var answer = await loop.Link.ReadSessionAsync(session, cancellationToken);
            copies.Add(new SharedCopy(loop.Link.Flag, answer.Status)
            {
                IsPart = answer.IsProjection, Newest = answer.Newest, Items = answer.Session?.Items.Count ?? 0, IsOwed = loop.Outbox.Owes(session),
            });
            answer.Session?.Release();
        }

        return copies;
    }
}

/// <summary>What a shared tier holds of a session. Not found with a <see cref="Newest"/>: it remembers that it was deleted.</summary>
public sealed record SharedCopy(TierSet Tier, RemoteReadStatus Status)
{
    /// <summary>Only what a strategy lists, or what came after the tier forgot the rest.</summary>
    public bool IsPart { get; init; }
    public ItemVersion Newest { get; init; }
    public int Items { get; init; }

    /// <summary>The tier has yet to hear of changes made here.</summary>
    public bool IsOwed { get; init; }
}
