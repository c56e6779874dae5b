using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Conflicts;

/// <summary>Two versions of one item, neither of whose writers had seen the other's: ours, on its way to a tier, and the one that stands there.</summary>
internal readonly record struct Conflict(ItemSnapshot Ours, ItemSnapshot Theirs)
{
    /// <summary>What is larger is not merged or kept twice: the newer one wins. 8 MiB, both together.</summary>
    public const long MaxBytes = 8 << 20;

    public ItemSnapshot Newer => Ours.Version > Theirs.Version ? Ours : Theirs;
    public ItemSnapshot Older => Ours.Version > Theirs.Version ? Theirs : Ours;

    /// <summary>
    /// What is to stand from now on, in every tier. Falls back to the newer one, and says so, where the strategy cannot be carried out.
    /// </summary>
    /// <param name="rule">Whose strategy it is.</param>
    /// <param name="there">The tier in which the other version stands.</param>
    public Resolution Resolve(CompiledRule rule, TierSet there) => rule.OnConflict switch
    {
        ConflictStrategy.Merge when Fits && JsonMerge.TryMerge(Older, Newer) is { } merged => Both(ConflictStrategy.Merge, Newer.ContentType, merged),
        ConflictStrategy.Manual when Fits => Both(ConflictStrategy.Manual, ConflictDocument.ContentType, ConflictDocument.Of(Older, Newer)),
        ConflictStrategy.SourcePriority => Of(ConflictStrategy.SourcePriority, IsTrustedMore(rule, there) ? Theirs : Ours),
        _ => Of(ConflictStrategy.LatestWins, Newer),
    };

    private bool Fits => Ours.Value.Length + Theirs.Value.Length <= MaxBytes;

    private Resolution Of(ConflictStrategy strategy, in ItemSnapshot chosen)
        => new(strategy, chosen.ContentType, chosen.Value.ToArray(), chosen.Version, chosen.Version == Ours.Version ? Theirs.Version : Ours.Version);

    private Resolution Both(ConflictStrategy strategy, string contentType, byte[] value) => new(strategy, contentType, value, Newer.Version, Older.Version);

    /// <summary>Ours comes from memory or disk: whichever of the two the rule trusts more speaks for it. A tier that is not named comes last.</summary>
    private static bool IsTrustedMore(CompiledRule rule, TierSet there)
    {
        foreach (var tier in rule.SourcePriority)
        {
            if (tier == there) return true;
            if (tier is TierSet.Memory or TierSet.Spillover) return false;
        }

        return false;
    }
}

/// <summary>What a conflict came to, and by which strategy in truth. Winner: whose value stands; where both stand, the newer one.</summary>
internal readonly record struct Resolution(ConflictStrategy Strategy, string ContentType, byte[] Value, ItemVersion Winner, ItemVersion Loser);
