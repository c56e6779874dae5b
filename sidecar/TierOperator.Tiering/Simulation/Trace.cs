namespace TierOperator.Tiering.Simulation;

/// <summary>
/// A sequence of requests. Keys are renumbered from zero in the order of their first request, so that simulators use
/// arrays instead of dictionaries. Immutable.
/// </summary>
public sealed class Trace
{
    private readonly int[] _requests;

    internal Trace(int[] requests, int distinctKeys) => (_requests, DistinctKeys) = (requests, distinctKeys);

    /// <summary>The key of each request, in order.</summary>
    public ReadOnlySpan<int> Requests => _requests;

    public int Length => _requests.Length;

    public int DistinctKeys { get; }

    /// <summary>A well-mixed 64-bit hash of a key, as the engine would give one (splitmix64's finisher).</summary>
    public static ulong HashOf(int key)
    {
        var mixed = ((ulong)(uint)key + 1) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>Renumbers keys of any type.</summary>
    internal static Trace From<TKey>(IEnumerable<TKey> keys) where TKey : notnull
    {
        var numbers = new Dictionary<TKey, int>();
        var requests = new List<int>();
        foreach (var key in keys)
        {
            if (!numbers.TryGetValue(key, out var number)) numbers.Add(key, number = numbers.Count);
            requests.Add(number);
        }

        return new Trace([.. requests], numbers.Count);
    }
}
