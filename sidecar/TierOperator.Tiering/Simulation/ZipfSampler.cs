namespace TierOperator.Tiering.Simulation;

/// <summary>Draws ranks from zero upwards, the k-th with a weight of k to the power of minus alpha.</summary>
internal sealed class ZipfSampler
{
    private readonly double[] _cumulative;

    public ZipfSampler(int ranks, double alpha)
    {
        _cumulative = new double[ranks];
        double sum = 0;
        for (var i = 0; i < ranks; i++) _cumulative[i] = sum += Math.Pow(i + 1, -alpha);
    }

    /// <summary>The share of draws that fall on the first <paramref name="ranks"/>: what a cache that holds just these can answer.</summary>
    public double ShareOf(int ranks) => ranks <= 0 ? 0 : _cumulative[Math.Min(ranks, _cumulative.Length) - 1] / _cumulative[^1];

    public int Next(Random random)
    {
        var at = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        return Math.Min(at < 0 ? ~at : at, _cumulative.Length - 1);
    }
}
