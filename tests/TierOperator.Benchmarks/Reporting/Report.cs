using System.Text.Json;
using Spectre.Console;

namespace TierOperator.Benchmarks.Reporting;

/// <summary>Measurements as a table for people, JSON for programs, or Markdown for docs/benchmarks.md.</summary>
internal static class Report
{
    public const string Table = "table";
    public const string Json = "json";
    public const string Markdown = "markdown";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Write(IReadOnlyList<Measurement> measurements, string format)
    {
        if (format == Json) Console.WriteLine(JsonSerializer.Serialize(measurements, Indented));
        else if (format == Markdown) WriteMarkdown(measurements);
        else WriteTable(measurements);
    }

    private static void WriteMarkdown(IReadOnlyList<Measurement> measurements)
    {
        Console.WriteLine("| target | what | measured | asked | |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var row in measurements)
            Console.WriteLine($"| {row.Target} | {row.What} | {row.ValueText} | {row.Bound} | {row.Verdict} |");
    }

    private static void WriteTable(IReadOnlyList<Measurement> measurements)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("target", "what").AddColumn(new TableColumn("measured").RightAligned()).AddColumns("asked", "");
        foreach (var row in measurements)
            table.AddRow(new Text(row.Target), new Text(row.What), new Text(row.ValueText), new Text(row.Bound), Verdict(row));
        // Piped into a file a table must not be folded to the 80 columns that a terminal of unknown width is given.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
    }

    private static Text Verdict(Measurement row) => new(row.Verdict, row.Met == false ? new Style(Color.Red) : new Style(Color.Green));
}
