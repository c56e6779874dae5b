using System.Globalization;

namespace TierOperator.Sidecar.Tests.HttpCache.Rules;

/// <summary>The seed of a random test: a new one, or the one of TIER_SEED to repeat a failure.</summary>
internal static class Seed
{
    public static int Next() => Environment.GetEnvironmentVariable("TIER_SEED") is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture) : Random.Shared.Next();
}
