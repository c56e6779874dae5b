using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// What the shared tiers say of one session, from the nearest on. 1. Of each item the newest counts, and what is remembered as removed or as gone with all
/// that was there before. 2. Once a tier holds the session whole, or remembers that it was deleted, no other is asked.
/// </summary>
/// <remarks>For one caller.</remarks>
internal sealed class Inquiry
{
    private readonly Dictionary<TierSet, ItemVersion> _seen = [];
    private RemoteSession? _found;
    private TierSet _source;
    private TierSet _unavailable;
    private ItemVersion _deleted;

    /// <summary>What was found so far; null for nothing.</summary>
    public RemoteSession? Found => _found;

    public void Delete(ItemVersion at) => _deleted = ItemVersion.Newer(_deleted, at);

    /// <summary>A tier that is not up to date with what was acknowledged here counts as one that did not answer.</summary>
    public void Doubt(TierSet tier) => _unavailable |= tier;

    /// <summary>Notes what a tier knew, whatever it holds.</summary>
    public void Ask(TierSet tier, RemoteSession answer)
    {
        _seen[tier] = answer.Newest;
        if (answer.Status == RemoteReadStatus.Unavailable) _unavailable |= tier;
    }

    /// <summary>Takes over what a tier holds, with its values, and tells where it differs from what nearer tiers hold.</summary>
    public Differences Add(TierSet tier, RemoteSession there)
    {
        if (_found is null || !there.IsProjection) _source = tier;
        var differences = new Differences([], false);
        _found = _found is null ? there : Together(there, _found, ref differences);
        return differences;
    }

    /// <summary>What was deleted and not written since is gone. A part that the last tier holds is all there is, where no tier failed.</summary>
    public Consultation Conclude()
    {
        var found = _found is not null && _deleted != ItemVersion.None ? WrittenSince(_found, _deleted) : _found;
        if (_unavailable != TierSet.None && found is not null) found = found with { IsProjection = true }; // what it lacks may be where nobody answered
        var status = found is not null ? ReadStatus.Found : _deleted != ItemVersion.None || _unavailable == TierSet.None ? ReadStatus.NotFound : ReadStatus.Unavailable;
        return new Consultation(status)
        {
            Found = found, Source = found is null ? TierSet.None : _source, Unavailable = _unavailable, Seen = _seen,
            DeletedAt = found is null ? _deleted : ItemVersion.None,
        };
    }

    /// <summary>What of a session is newer than a deletion, for whoever remembers that has yet to hear of it; null when nothing is.</summary>
    private static RemoteSession? WrittenSince(RemoteSession found, ItemVersion floor)
        => found.Session!.WrittenSince(floor) is { } kept ? found with { Session = kept, Floor = ItemVersion.Newer(found.Floor, floor) } : null;

    /// <summary>What a nearer tier had of it may be newer, item by item, and so may be what it remembers as removed.</summary>
    private static RemoteSession Together(RemoteSession there, RemoteSession nearer, ref Differences differences)
    {
        var items = new Dictionary<byte[], ItemSnapshot>(KeyComparer.Instance);
        foreach (var item in there.Session!.Items)
        {
            if (nearer.Outdates(item.Key, item.Version)) differences.Removals.Add(item.Key);
            else if (!there.Outdates(item.Key, item.Version))
            {
                items[item.Key] = item;
                continue;
            }

            item.Value.Release();
        }

        foreach (var item in nearer.Session!.Items)
        {
            var isInBoth = items.TryGetValue(item.Key, out var other);
            var isOutdated = there.Outdates(item.Key, item.Version) || (isInBoth && other.Version > item.Version);
            differences = differences with { IsNearerOlder = differences.IsNearerOlder || isOutdated };
            if (isOutdated || nearer.Outdates(item.Key, item.Version) || (isInBoth && other.Version == item.Version))
            {
                item.Value.Release();
                continue;
            }

            if (isInBoth) other.Value.Release();
            items[item.Key] = item;
        }

        return there with
        {
            Session = there.Session with { Items = [.. items.Values] },
            Newest = ItemVersion.Newer(there.Newest, nearer.Newest),
            Floor = ItemVersion.Newer(there.Floor, nearer.Floor),
            Removed = Together(there.Removed, nearer.Removed),
            Owed = Together(there.Owed, nearer.Owed),
            OwesAll = there.OwesAll || nearer.OwesAll,
        };
    }

    private static IReadOnlyDictionary<byte[], ItemVersion>? Together(IReadOnlyDictionary<byte[], ItemVersion>? left, IReadOnlyDictionary<byte[], ItemVersion>? right)
    {
        if (left is null || right is null) return left ?? right;
        var both = new Dictionary<byte[], ItemVersion>(left, KeyComparer.Instance);
        foreach (var (item, version) in right) both[item] = ItemVersion.Newer(version, both.GetValueOrDefault(item));
        return both;
    }

    /// <summary>Where two tiers tell different things, whoever told one of them alone may be gone.</summary>
    /// <param name="Removals">Items that the farther tier holds still, and that the nearer one remembers as removed.</param>
    /// <param name="IsNearerOlder">The nearer tier holds what the farther one has newer, or knows to be gone.</param>
    internal readonly record struct Differences(List<byte[]> Removals, bool IsNearerOlder);

    private static IReadOnlySet<byte[]>? Together(IReadOnlySet<byte[]>? left, IReadOnlySet<byte[]>? right)
        => left is null || right is null ? left ?? right : left.Concat(right).ToHashSet(KeyComparer.Instance);
}
