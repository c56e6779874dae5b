namespace TierOperator.TestKit.History;

/// <summary>
/// Looks for an order of the calls on one item that respects real time and explains every answer.
/// </summary>
/// <remarks>
/// 1. A call may come next when no other call that is still open ended before it began. 2. Try each such call whose answer
/// fits; go back when stuck. 3. Never visit the same set of done calls with the same value twice. Sources: Wing and Gong,
/// "Testing and Verifying Concurrent Objects" (1993); the memory of visited states is Lowe's, "Testing for
/// Linearizability" (2017).
/// </remarks>
public sealed class Linearizability
{
    private readonly List<RegisterCall> _calls;
    private readonly bool[] _isDone;
    private readonly HashSet<(string Done, int? Value)> _visited = [];
    private readonly int _limit;

    private Linearizability(IEnumerable<RegisterCall> calls, int limit)
    {
        _calls = [.. calls.OrderBy(call => call.Began)];
        _isDone = new bool[_calls.Count];
        _limit = limit;
    }

    /// <summary>True when such an order exists. Throws when it is not found out within <paramref name="limit"/> states.</summary>
    public static bool Holds(IEnumerable<RegisterCall> calls, int? initially = null, int limit = 1_000_000)
    {
        var search = new Linearizability(calls, limit);
        return search.Search(initially);
    }

    /// <summary>Null when such an order exists; else the calls from the last quiet moment at which one still did, with a few before.</summary>
    public static string? Fault(IEnumerable<RegisterCall> calls)
    {
        var all = calls.OrderBy(call => call.Began).ToList();
        var sound = 0;
        for (var (i, ended) = (0, 0L); i <= all.Count; i++)
        {
            var isQuiet = i == all.Count || (i - sound >= 100 && all[i].Began > ended);
            if (isQuiet && !Holds(all.Take(i))) return string.Join('\n', all.Take(i).Skip(Math.Max(0, sound - 5)).Take(200));
            if (isQuiet) sound = i;
            if (i < all.Count) ended = Math.Max(ended, all[i].Ended);
        }

        return null;
    }

    /// <summary>Depth first, on a list instead of the stack: histories are thousands of calls long.</summary>
    private bool Search(int? initially)
    {
        var path = new Stack<(int? Value, Queue<int> Candidates, int Chosen)>();
        var (value, first) = (initially, 0);
        var candidates = Candidates(ref first);
        while (true)
        {
            if (candidates.Count == 0 && first == _calls.Count) return true;
            if (TryStep(candidates, value, out var chosen, out var next))
            {
                path.Push((value, candidates, chosen));
                value = next;
                candidates = Candidates(ref first);
                continue;
            }

            if (path.Count == 0) return false;
            (value, candidates, chosen) = path.Pop();
            _isDone[chosen] = false;
            first = Math.Min(first, chosen);
        }
    }

    private bool TryStep(Queue<int> candidates, int? value, out int chosen, out int? next)
    {
        next = null;
        while (candidates.TryDequeue(out chosen))
        {
            if (!_calls[chosen].Fits(value, out next)) continue;
            _isDone[chosen] = true;
            if (_visited.Count > _limit) throw new InvalidOperationException($"The history is undecided after {_limit} states.");
            if (_visited.Add((Key(), next))) return true;
            _isDone[chosen] = false;
        }

        return false;
    }

    private Queue<int> Candidates(ref int first)
    {
        while (first < _calls.Count && _isDone[first]) first++;
        var earliestEnd = long.MaxValue;
        var open = new Queue<int>();
        for (var i = first; i < _calls.Count && _calls[i].Began <= earliestEnd; i++)
        {
            if (_isDone[i]) continue;
            open.Enqueue(i);
            earliestEnd = Math.Min(earliestEnd, _calls[i].Ended);
        }

        return open;
    }

    /// <summary>The done calls: all before some place, and a few after it.</summary>
    private string Key()
    {
        var first = Array.IndexOf(_isDone, false);
        if (first < 0) return "all";
        var last = Array.LastIndexOf(_isDone, true);
        var tail = Enumerable.Range(first, Math.Max(0, last - first + 1)).Where(i => _isDone[i]);
        return $"{first}:{string.Join(',', tail)}";
    }
}
