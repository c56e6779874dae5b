namespace TierOperator.Tiering.Simulation;

/// <summary>Makes traces of a known nature. The same arguments make the same trace.</summary>
public static class TraceGenerator
{
    /// <summary>Independent requests, the k-th most popular key with a weight of k to the power of minus alpha.</summary>
    public static Trace Zipf(int requests, int keys, double alpha, int seed)
    {
        var random = new Random(seed);
        var popularity = new ZipfSampler(keys, alpha);
        return Trace.From(Enumerable.Range(0, requests).Select(_ => popularity.Next(random)));
    }

    /// <summary>
    /// One loop over all <paramref name="loopKeys"/>, in order and again and again, of which a
    /// <paramref name="hotShare"/> of the requests turn away to a hot set, all of it equally popular.
    /// </summary>
    public static Trace Loop(int requests, int loopKeys, int hotKeys, double hotShare, int seed)
    {
        var random = new Random(seed);
        var at = 0;
        return Trace.From(Enumerable.Range(0, requests).Select(_ =>
            random.NextDouble() < hotShare ? random.Next(hotKeys) : hotKeys + (at++ % loopKeys)));
    }

    /// <summary>
    /// Zipf requests to a hot set; after each <paramref name="scanEvery"/> of them comes a scan of
    /// <paramref name="scanLength"/> keys that were never asked for before and never will be again.
    /// </summary>
    public static Trace Scan(int requests, int hotKeys, double alpha, int scanEvery, int scanLength, int seed)
    {
        var random = new Random(seed);
        var popularity = new ZipfSampler(hotKeys, alpha);
        var fresh = hotKeys;
        return Trace.From(Enumerable.Range(0, requests).Select(at =>
            at % (scanEvery + scanLength) < scanEvery ? popularity.Next(random) : fresh++));
    }

    /// <summary>
    /// Every <paramref name="phaseLength"/> requests the working set of <paramref name="keysPerPhase"/> equally popular
    /// keys is left for a new one that shares no key with it.
    /// </summary>
    public static Trace PhaseSwitch(int requests, int keysPerPhase, int phaseLength, int seed)
    {
        var random = new Random(seed);
        return Trace.From(Enumerable.Range(0, requests).Select(at =>
            (at / phaseLength * keysPerPhase) + random.Next(keysPerPhase)));
    }
}
