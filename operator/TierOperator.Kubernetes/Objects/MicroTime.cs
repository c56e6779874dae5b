using System.Globalization;

namespace TierOperator.Kubernetes.Objects;

/// <summary>Times as Kubernetes writes them.</summary>
public static class MicroTime
{
    /// <summary>
    /// With exactly six digits after the point: the API server refuses the MicroTime of a Lease or an Event that has
    /// seven, which is what .NET writes by itself.
    /// </summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whole seconds, for the fields of type Time.</summary>
    public static string FormatSeconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
