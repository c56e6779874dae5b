using TierOperator.Policy.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>Durations in headers and flags, in the policy's own form.</summary>
internal static class DurationText
{
    public static bool TryParse(string text, out TimeSpan value)
    {
        var read = Duration.TryParse(text, out var duration) == ParseOutcome.Ok;
        value = duration.Value;
        return read;
    }
}
