using System.Collections.Concurrent;
using TierOperator.Sidecar.HttpCache.Filling;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>
/// The fills that others may join, by key: however many ask for one thing, its origin is asked once. Bounded by the
/// connections that start fills; each leaves when it is done. Thread-safe.
/// </summary>
internal sealed class FillTable
{
    private const int MostAlone = 4096;
    private const long AloneMs = 10_000;
    private readonly ConcurrentDictionary<byte[], Fill> _fills = new(KeyComparer.Instance);
    private readonly ConcurrentDictionary<Fill, bool> _single = new();
    private readonly ConcurrentDictionary<byte[], long> _alone = new(KeyComparer.Instance);

    /// <summary>Answers of this key were for one client alone just now: nobody need wait to hear that again.</summary>
    public bool IsAlone(byte[] key, long nowMs) => !_alone.IsEmpty && _alone.TryGetValue(key, out var until) && nowMs < until;

    public void MarkAlone(byte[] key, long nowMs)
    {
        if (_alone.Count >= MostAlone) _alone.Clear();
        _alone[key] = nowMs + AloneMs;
    }

    /// <summary>The fill of a key: the one that runs, or this new one. True: it is new, and the caller starts it.</summary>
    public bool TryAdd(byte[] key, Fill fresh, out Fill fill)
    {
        fill = _fills.GetOrAdd(key, fresh);
        return ReferenceEquals(fill, fresh);
    }

    public void Leave(byte[] key, Fill fill) => _fills.TryRemove(new KeyValuePair<byte[], Fill>(key, fill));

    /// <summary>A fill that nobody joins; it is here to be doomed.</summary>
    public void AddSingle(Fill fill) => _single[fill] = true;

    public void LeaveSingle(Fill fill) => _single.TryRemove(fill, out _);

    /// <summary>
    /// Ends when the response that was given a moment ago is in the store; completed where there is none. So a client's next request
    /// finds what its last one brought.
    /// </summary>
    public Task StoredAsync(byte[] key) => _fills.TryGetValue(key, out var fill) && fill.IsStoring ? fill.Done : Task.CompletedTask;

    /// <summary>
    /// Nobody joins these any more, and what they bring is not stored. Ends when nothing of theirs is on its way into the store: what
    /// is there then can be taken out.
    /// </summary>
    public Task DoomAsync(Func<Fill, bool> isMeant) => LetGoAsync(isMeant, dooms: true);

    /// <summary>As above, but that the marks of a purge say what of theirs is stored: they know it by its tags and its URL.</summary>
    public Task PartAsync(Func<Fill, bool> isMeant) => LetGoAsync(isMeant, dooms: false);

    private Task LetGoAsync(Func<Fill, bool> isMeant, bool dooms)
    {
        List<Task>? storing = null;
        foreach (var (key, fill) in _fills)
        {
            if (!isMeant(fill)) continue;
            if (dooms) fill.Doom();
            if (fill.IsStoring) (storing ??= []).Add(fill.Done);
            Leave(key, fill);
        }

        foreach (var (fill, _) in _single)
        {
            if (!isMeant(fill)) continue;
            if (dooms) fill.Doom();
            if (fill.IsStoring) (storing ??= []).Add(fill.Done);
        }

        return storing is null ? Task.CompletedTask : Task.WhenAll(storing);
    }
}
