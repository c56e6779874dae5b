using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <remarks>
/// Where a rule settles conflicts otherwise than by the latest write, its writes are compared with what stands in the tier that decides
/// before they go there. 1. Each write notes what its writer knew of the item. 2. If the tier holds another's version, the rule's strategy makes
/// one of both, newer than either. 3. It is applied there if nobody changed the session since; else from 1. 4. The other tiers are sent it, the
/// copy here is read anew, and the decision is noted.
/// </remarks>
public sealed partial class TierEngine
{
    bool ISyncSource.IsReconciled(OwedSession owed, TierLink link)
        => owed is { IsDelete: false, Header: { } header }
            && _rules.Stored(header.Rule, owed.Key) is { Rule.OnConflict: not ConflictStrategy.LatestWins } rule
            && IsDecidedBy(link, rule.SharedTiers)
            && owed.Items.Values.Any(static item => item.MayConflict);

    private bool IsDecidedBy(TierLink link, TierSet tiers) => ReferenceEquals(_shared!.DeciderOf(tiers)?.Link, link);

    async ValueTask<RemoteResult> ISyncSource.ReconcileAsync(OwedSession owed, TierLink link, RemoteChange change, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxDecisions; round++)
        {
            var there = await link.ReadSessionAsync(owed.Key, cancellationToken);
            if (there.Status == RemoteReadStatus.Unavailable) return new RemoteResult(RemoteStatus.Unavailable);
            _clock.Observe(there.Newest);
            var news = NewsOf(change, there.Session?.Items ?? []);
            var settled = SettledOf(owed, news, there.Session?.Items ?? [], link.Flag);
            there.Session?.Release();
            var results = await link.ApplyAsync([Settled(news, settled) with { Condition = new RemoteCondition { Unchanged = there.Newest } }], cancellationToken);
            if (results is null) return new RemoteResult(RemoteStatus.Unavailable);
            if (results[0].Status == RemoteStatus.ConditionFailed) continue;
            if (results[0].Status is RemoteStatus.Applied or RemoteStatus.Older) OnReconciled(owed, link, settled);
            return results[0];
        }

        return new RemoteResult(RemoteStatus.Unavailable); // others keep changing it: later
    }

    /// <summary>What waits to be compared with others' writes: a newer one from another tier must not take its place before.</summary>
    private IReadOnlySet<byte[]>? UndecidedOf(ReadOnlyMemory<byte> session)
    {
        var rule = _rules[_rules.Policy.Matcher.MatchSession(session.Span, null)];
        return rule.Rule.OnConflict == ConflictStrategy.LatestWins ? null : _shared!.DeciderOf(rule.SharedTiers)?.Outbox.Pending(session.ToArray()).Items;
    }

    /// <summary>
    /// Without what stands there already: a tier that finds a change's first item takes it for the same change, sent again because its answer was
    /// lost.
    /// </summary>
    private static RemoteChange NewsOf(RemoteChange change, IReadOnlyList<ItemSnapshot> there)
    {
        var versions = there.ToDictionary(static item => item.Key, static item => item.Version, KeyComparer.Instance);
        return change with { Puts = [.. change.Puts.Where(put => !versions.TryGetValue(put.Key, out var version) || version != put.Version)] };
    }

    private List<SettledItem> SettledOf(OwedSession owed, RemoteChange change, IReadOnlyList<ItemSnapshot> there, TierSet tier)
    {
        var rule = _rules.Stored(owed.Header!.Rule, owed.Key).Rule;
        var settled = new List<SettledItem>();
        foreach (var theirs in there)
        {
            if (!owed.Items.TryGetValue(theirs.Key, out var item) || !item.MayConflict) continue;
            var ours = change.Puts.FirstOrDefault(put => put.Key.AsSpan().SequenceEqual(theirs.Key));
            if (ours.Key is null) continue;
            var standing = _ancestry.Of(item, ours.Version, theirs.Version, ConflictDocument.IsOne(theirs.ContentType));
            if (standing != Standing.Known) settled.Add(standing == Standing.OwnNewer ? Kept(theirs) : Resolved(new Conflict(ours, theirs), rule, tier));
        }

        return settled;
    }

    /// <summary>Written or settled before a restart: it only has to go on to the others.</summary>
    private static SettledItem Kept(in ItemSnapshot theirs) => new(new ItemSnapshot(theirs.Key, theirs.ContentType, theirs.Version, new ItemValue(theirs.Value.ToArray())), null);

    private SettledItem Resolved(in Conflict conflict, CompiledRule rule, TierSet tier)
    {
        var (resolution, version) = (conflict.Resolve(rule, tier), _clock.Next(conflict.Newer.Version));
        _ancestry.Settled(version);
        return new SettledItem(new ItemSnapshot(conflict.Theirs.Key, resolution.ContentType, version, new ItemValue(resolution.Value)), resolution);
    }

    private static RemoteChange Settled(RemoteChange change, List<SettledItem> settled) => settled.Count == 0 ? change : change with
    {
        Puts = [.. settled.Where(static item => item.Resolution is not null).Select(static item => item.Item), .. change.Puts.Where(put => !settled.Exists(item => item.Item.Key.AsSpan().SequenceEqual(put.Key)))],
        Newest = settled.Max(static item => item.Item.Version) is var newest && newest > change.Newest ? newest : change.Newest,
    };

    private void OnReconciled(OwedSession owed, TierLink link, List<SettledItem> settled)
    {
        if (settled.Count == 0) return;
        foreach (var item in settled)
            if (item.Resolution is { } resolution)
                _audit.Add(new ConflictNote(owed.Key, item.Item.Key, resolution.Strategy.ToString(), resolution.Winner, resolution.Loser) { NotedMs = _clock.NowMs, Node = _clock.Node });
        var newest = settled.Max(static item => item.Item.Version);
        OnAnnounced(new RemoteAnnouncement(owed.Key, newest, 0));
        var note = new OwedNote(owed.Key, newest, _clock.NowMs)
        {
            Header = owed.Header,
            Since = owed.Since,
            Puts = [.. settled.Select(static item => new OwedPut(item.Item.Key, item.Item.Value.Length, item.Item))],
        };
        var tiers = _rules.Stored(owed.Header!.Rule, owed.Key).SharedTiers & ~link.Flag;
        foreach (var loop in _shared!.Loops)
            if (tiers.HasFlag(loop.Link.Flag)) loop.Outbox.Note(note, wait: false);
    }

    /// <summary>An item as it stands after a conflict; no resolution where nothing was to be decided.</summary>
    private readonly record struct SettledItem(ItemSnapshot Item, Resolution? Resolution);
}
