namespace TierOperator.Resp;

/// <summary>A new seed for each run of a random test; <c>TIER_SEED</c> repeats one.</summary>
internal static class Seeds
{
    public static int Next() => int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), out var seed) ? seed : Random.Shared.Next();
}
