namespace TierOperator.Sidecar.Metrics;

/// <summary>OpenTelemetry's names as Prometheus writes them. Source: OpenTelemetry's compatibility specification.</summary>
internal static class PrometheusName
{
    public static string Of(string name, string? unit, FamilyKind kind)
    {
        var text = name.Replace('.', '_').Replace('-', '_');
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" when kind == FamilyKind.Gauge => "_ratio",
            _ => "",
        };
        if (!text.EndsWith(suffix, StringComparison.Ordinal)) text += suffix;
        return kind == FamilyKind.Counter && !text.EndsWith("_total", StringComparison.Ordinal) ? text + "_total" : text;
    }
}
