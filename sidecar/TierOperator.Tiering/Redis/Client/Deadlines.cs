namespace TierOperator.Tiering.Redis.Client;

/// <summary>Moments of a clock's own timestamps, which is how calls carry their deadlines.</summary>
internal static class Deadlines
{
    public static long DeadlineAfter(this TimeProvider time, TimeSpan timeout) => time.GetTimestamp() + (long)(timeout.TotalSeconds * time.TimestampFrequency);
}
