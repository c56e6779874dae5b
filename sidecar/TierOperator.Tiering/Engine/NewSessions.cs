using System.Collections.Concurrent;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Sessions of which shared tiers said, as they took something of them, that they had nothing before. Once all have said so, what is here is the whole
/// session. One tier's word is not enough: it may have forgotten, and a writer elsewhere may have yet to tell it.
/// </summary>
/// <remarks>Thread-safe. Bounded: what is dropped is compared when it is read.</remarks>
internal sealed class NewSessions
{
    private const int Limit = 64 * 1024;
    private readonly ConcurrentDictionary<ulong, TierSet> _saidBy = new();

    /// <summary>True once each of <paramref name="all"/> has said that it had nothing of the session.</summary>
    public bool Add(ulong hash, TierSet tier, TierSet all)
    {
        if (tier == all) return true;
        if (_saidBy.Count >= Limit) Clear();
        if ((_saidBy.AddOrUpdate(hash, tier, (_, before) => before | tier) & all) != all) return false;
        Remove(hash);
        return true;
    }

    /// <summary>Another writes it too, or it was deleted here: what was said before counts no more.</summary>
    public void Remove(ulong hash) => _saidBy.TryRemove(hash, out _);

    /// <summary>Others may have written any of them.</summary>
    public void Clear() => _saidBy.Clear();
}
