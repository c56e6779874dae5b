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

    /// <summary>Writes a table to standard output; piped, without colours and not folded to a terminal's width.</summary>
    public static void Print(Table table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 160;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }

        AnsiConsole.Write(table);
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
        Print(table);
    }

    private static Text Verdict(Measurement row) => new(row.Verdict, row.Met == false ? new Style(Color.Red) : new Style(Color.Green));
}
