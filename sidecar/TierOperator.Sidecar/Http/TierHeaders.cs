namespace TierOperator.Sidecar.Http;

/// <summary>The names of the sidecar's own headers.</summary>
internal static class TierHeaders
{
    public const string Acked = "Tier-Acked";
    public const string Pending = "Tier-Pending";
    public const string Rule = "Tier-Rule";
    public const string Source = "Tier-Source";
    public const string Strategy = "Tier-Strategy";
    public const string Subject = "Tier-Subject";
    public const string Ttl = "Tier-TTL";
    public const string Unavailable = "Tier-Unavailable";
}
