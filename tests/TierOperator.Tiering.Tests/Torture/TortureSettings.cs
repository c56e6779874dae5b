using System.Globalization;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>How long and from where random tests run: TIER_SOAK=1 makes them long, TIER_SEED=N repeats one seed.</summary>
internal static class TortureSettings
{
    public static bool IsSoak => Environment.GetEnvironmentVariable("TIER_SOAK") == "1";

    /// <summary>New seeds in every run: a failure prints its own.</summary>
    public static IEnumerable<int> Seeds(int count)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var seed)) return [seed];
        return Enumerable.Range(0, count).Select(_ => Random.Shared.Next()).ToList();
    }
}
