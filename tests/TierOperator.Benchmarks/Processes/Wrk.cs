using System.Globalization;
using System.Text.RegularExpressions;

namespace TierOperator.Benchmarks.Processes;

/// <summary>One run of wrk: one thread, 64 connections unless told.</summary>
internal sealed partial record Wrk(double RequestsPerSecond, TimeSpan P50, TimeSpan P99)
{
    private const int Connections = 64;

    public static Task<Wrk> RunAsync(Uri url, TimeSpan duration, CancellationToken cancellation) => RunAsync(url, duration, Connections, null, cancellation);

    /// <param name="script">A file with wrk's Lua; null for the URL as it is.</param>
    public static async Task<Wrk> RunAsync(Uri url, TimeSpan duration, int connections, string? script, CancellationToken cancellation)
    {
        var seconds = ((int)duration.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s";
        string[] scripted = script is null ? [] : ["-s", script];
        await using var process = new ChildProcess("wrk", ["-t1", "-c" + connections.ToString(CultureInfo.InvariantCulture), "-d" + seconds, "--latency", .. scripted, url.AbsoluteUri]);
        return Parse(await process.ReadToEndAsync(cancellation));
    }

    public static Wrk Parse(string output)
    {
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
            throw new InvalidOperationException("wrk met answers that were no success:\n" + output);
        var rate = double.Parse(Rate().Match(output).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var percentiles = Percentile().Matches(output).ToDictionary(match => match.Groups[1].Value, match => Duration(match.Groups[2].Value, match.Groups[3].Value));
        return new Wrk(rate, percentiles["50"], percentiles["99"]);
    }

    private static TimeSpan Duration(string number, string unit)
    {
        var value = double.Parse(number, CultureInfo.InvariantCulture);
        return unit switch
        {
            "us" => TimeSpan.FromMicroseconds(value),
            "ms" => TimeSpan.FromMilliseconds(value),
            _ => TimeSpan.FromSeconds(value),
        };
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"^\s+(50|99)%\s+([\d.]+)(us|ms|s)\s*$", RegexOptions.Multiline)]
    private static partial Regex Percentile();
}
