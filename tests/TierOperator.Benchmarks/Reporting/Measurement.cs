using System.Globalization;

namespace TierOperator.Benchmarks.Reporting;

/// <summary>One measured number, and the bound it is held to where there is one.</summary>
internal sealed record Measurement(string Target, string What, double Value, string Unit)
{
    /// <summary>As people read it: "at least 0.85".</summary>
    public string Bound { get; init; } = "";

    /// <summary>Null where nothing is asked of the number.</summary>
    public bool? Met { get; init; }

    public Measurement AtLeast(double limit) => this with { Bound = $"at least {Text(limit)}", Met = Value >= limit };

    public Measurement AtMost(double limit) => this with { Bound = $"at most {Text(limit)}", Met = Value <= limit };

    public Measurement Under(double limit) => this with { Bound = $"under {Text(limit)}", Met = Value < limit };

    public string ValueText => Text(Value) + (Unit.Length > 0 ? " " + Unit : "");

    public string Verdict => Met switch { true => "met", false => "MISSED", null => "" };

    private static string Text(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1000 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
