using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Simulation;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>The result as a table for people or as JSON for programs.</summary>
internal sealed class SimulateReport(
    string policy, EvictionKind eviction, int ownEntries, long entryBytes, string traceFile, Trace trace,
    IReadOnlyList<EvictionKind> evictions, IReadOnlyList<HitRatioRow> rows)
{
    public void WriteTable(TextWriter output)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns(
            [Right("entries"), Right("share"), Right("size"), .. evictions.Select(kind => Right(kind.ToString())), Right("Belady")]);
        foreach (var row in rows) table.AddRow([.. Cells(row).Select(cell => Emphasised(cell, row))]);
        var console = Console(output);
        console.MarkupLineInterpolated($"Policy [bold]{policy}[/] ({eviction}) on {Path.GetFileName(traceFile)}");
        console.MarkupLineInterpolated($"{trace.Length:N0} requests, {trace.DistinctKeys:N0} keys, {entryBytes:N0} bytes an entry; ratios in percent");
        console.Write(table);
        if (rows.Count > 1) console.MarkupLineInterpolated($"* the policy's own capacity: {ownEntries:N0} entries");
    }

    public void WriteJson(TextWriter output) => PolicyJson.Write(output, new JsonObject
    {
        ["policy"] = policy,
        ["eviction"] = eviction.ToString(),
        ["trace"] = traceFile,
        ["requests"] = trace.Length,
        ["distinctKeys"] = trace.DistinctKeys,
        ["entryBytes"] = entryBytes,
        ["sizes"] = new JsonArray([.. rows.Select(Json)]),
    });

    private JsonObject Json(HitRatioRow row) => new()
    {
        ["entries"] = row.Entries,
        ["bytes"] = BytesOf(row),
        ["isPolicys"] = row.Entries == ownEntries,
        ["hitRatios"] = new JsonObject(evictions.Select(kind =>
            KeyValuePair.Create(kind.ToString(), (JsonNode?)Math.Round(row.HitRatios[kind], 6)))),
        ["belady"] = Math.Round(row.Optimum, 6),
    };

    private IEnumerable<string> Cells(HitRatioRow row)
    {
        yield return (row.Entries == ownEntries && rows.Count > 1 ? "* " : "") + row.Entries.ToString("N0", CultureInfo.InvariantCulture);
        yield return Percent(Math.Min(1, (double)row.Entries / trace.DistinctKeys));
        yield return Size(BytesOf(row));
        foreach (var kind in evictions) yield return Percent(row.HitRatios[kind]);
        yield return Percent(row.Optimum);
    }

    private string Emphasised(string cell, HitRatioRow row) =>
        row.Entries == ownEntries && rows.Count > 1 ? $"[bold]{cell}[/]" : cell;

    private long BytesOf(HitRatioRow row) => row.Entries * entryBytes;

    /// <summary>Colours on a terminal only: Spectre looks at TERM, and not at whether the output goes to a pipe.</summary>
    private static IAnsiConsole Console(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, System.Console.Out) && !System.Console.IsOutputRedirected;
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output), Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
    }

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => $"{bytes / 1024.0:F0}Ki",
        < 1 << 30 => $"{bytes / (1024.0 * 1024):F1}Mi",
        _ => $"{bytes / (1024.0 * 1024 * 1024):F1}Gi",
    };

    private static string Percent(double ratio) => (100 * ratio).ToString("F1", CultureInfo.InvariantCulture);

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned().NoWrap().PadRight(0);
}
