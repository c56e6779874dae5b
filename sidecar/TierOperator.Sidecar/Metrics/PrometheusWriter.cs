using System.Globalization;
using System.Text;

namespace TierOperator.Sidecar.Metrics;

/// <summary>One family in the text format of Prometheus, version 0.0.4.</summary>
internal static class PrometheusWriter
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Write(StringBuilder text, MetricFamily family)
    {
        text.Append("# HELP ").Append(family.Name).Append(' ').Append(family.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Kind.ToString().ToLowerInvariant()).Append('\n');
        foreach (var cell in family.Cells)
        {
            var (value, buckets) = cell.Read();
            if (family.Kind == FamilyKind.Histogram) WriteHistogram(text, family, cell, value, buckets);
            else Line(text, family.Name, cell, null, Number(value));
        }
    }

    private static void WriteHistogram(StringBuilder text, MetricFamily family, MetricCell cell, double sum, long[] buckets)
    {
        var count = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            count += buckets[i];
            var bound = i < family.Bounds.Length ? Number(family.Bounds[i]) : "+Inf";
            Line(text, family.Name + "_bucket", cell, bound, count.ToString(CultureInfo.InvariantCulture));
        }

        Line(text, family.Name + "_sum", cell, null, Number(sum));
        Line(text, family.Name + "_count", cell, null, count.ToString(CultureInfo.InvariantCulture));
    }

    private static void Line(StringBuilder text, string name, MetricCell cell, string? bound, string value)
    {
        text.Append(name);
        var separator = '{';
        foreach (var (key, label) in cell.Labels)
        {
            text.Append(separator).Append(key.Replace('.', '_')).Append("=\"").Append(Escape(label)).Append('"');
            separator = ',';
        }

        if (bound is not null) text.Append(separator).Append("le=\"").Append(bound).Append('"');
        if (separator == ',' || bound is not null) text.Append('}');
        text.Append(' ').Append(value).Append('\n');
    }

    private static string Escape(object? value)
        => Convert.ToString(value, CultureInfo.InvariantCulture)!
            .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
