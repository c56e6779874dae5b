using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Eviction;

/// <summary>
/// Shows a sample of the requests to one small cache per candidate and names the candidate that does clearly better than
/// the policy in charge.
/// </summary>
/// <remarks>
/// (1) Keys are sampled by their print, so that a key is always in the sample or never; the sample is thin enough for a
/// shadow of the same share of the cache to stay within <see cref="MaxEntries"/>. Source: Waldspurger et al., "Cache
/// modeling and optimization using miniature simulations" (USENIX ATC 2017). (2) A challenger's lead is the number of
/// hits that it has gained on the one in charge, less <see cref="Handicap"/> per request, never below zero: a CUSUM test
/// (Page, "Continuous inspection schemes", 1954). A small lasting difference or a large passing one does not get far.
/// (3) A lead of <see cref="LeadToWin"/> wins, and all leads start again from zero: that is the hysteresis.
/// </remarks>
internal sealed class ShadowContest
{
    public const int MaxEntries = 512;
    private const double Handicap = 0.01;
    private const double LeadToWin = 150;
    private const int RatioWindow = 8192;

    /// <summary>Age is none: a shadow cannot know when a key was created that is not in memory.</summary>
    private static readonly EvictionKind[] Candidates = [EvictionKind.S3FIFO, EvictionKind.LRU, EvictionKind.LFU];

    private readonly ShadowCache[] _shadows = new ShadowCache[Candidates.Length];
    private readonly double[] _leads = new double[Candidates.Length];
    private readonly int[] _hits = new int[Candidates.Length];
    private readonly bool[] _isHit = new bool[Candidates.Length];
    private int _requests;
    private int _sampleShift;

    public ShadowContest()
    {
        for (var i = 0; i < Candidates.Length; i++)
            _shadows[i] = new ShadowCache(EvictionPolicies.Create(Candidates[i]), MaxEntries);
    }

    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (var shadow in _shadows) bytes += shadow.Bytes;
            return bytes;
        }
    }

    /// <summary>How many keys the shadow of a candidate holds.</summary>
    public int Held(EvictionKind kind) => _shadows[Place(kind)].Count;

    private uint SampleMask => (1u << _sampleShift) - 1;

    public bool IsSampled(uint print) => (print & SampleMask) == 0;

    /// <summary>
    /// Shows one sampled request of a cache that holds <paramref name="count"/>. Returns the winner; the one in charge
    /// when none is, or when the request is not to be judged by.
    /// </summary>
    public EvictionKind Observe(uint print, int count, EvictionKind inCharge, bool isJudged)
    {
        FollowSize(count);
        if (!IsSampled(print)) return inCharge;
        var capacity = Math.Max(1, count >> _sampleShift);
        for (var i = 0; i < Candidates.Length; i++)
        {
            _isHit[i] = _shadows[i].Access(print, capacity);
            if (_isHit[i]) _hits[i]++;
        }

        if (++_requests == RatioWindow) Halve();
        return isJudged ? Judge(inCharge) : inCharge;
    }

    /// <summary>The hit ratio of a candidate's shadow over the last requests.</summary>
    public double HitRatio(EvictionKind kind) => _requests == 0 ? 0 : (double)_hits[Place(kind)] / _requests;

    /// <summary>Everyone starts again from zero.</summary>
    public void ClearLeads() => Array.Clear(_leads);

    private EvictionKind Judge(EvictionKind inCharge)
    {
        var reference = _isHit[Place(inCharge)];
        var best = -1;
        for (var i = 0; i < Candidates.Length; i++)
        {
            var gain = (_isHit[i] ? 1 : 0) - (reference ? 1 : 0);
            _leads[i] = Math.Max(0, _leads[i] + gain - Handicap);
            if (_leads[i] >= LeadToWin && (best < 0 || _leads[i] > _leads[best])) best = i;
        }

        return best < 0 ? inCharge : Candidates[best];
    }

    private void FollowSize(int count)
    {
        while (count >> _sampleShift > MaxEntries)
        {
            _sampleShift++;
            foreach (var shadow in _shadows) shadow.Thin(SampleMask);
        }

        // Far below only, or a count that swings around a power of two would thin and refill the sample without end.
        while (_sampleShift > 0 && count >> _sampleShift < MaxEntries / 4) _sampleShift--;
    }

    private void Halve()
    {
        _requests /= 2;
        for (var i = 0; i < _hits.Length; i++) _hits[i] /= 2;
    }

    private static int Place(EvictionKind kind) => Array.IndexOf(Candidates, kind);
}
