using System.CommandLine;
using System.Text.Json;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier retention</c>: applies the policy's retention in a running sidecar, or shows what it would do.</summary>
internal static class RetentionCommand
{
    public static Command Create()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would be done." };
        return new Command("retention", "Apply the policy's retention.")
        {
            ClientCommand.Create("run", "Run retention now.", async context =>
            {
                var path = "/v1/retention/run" + (context.Parsed.GetValue(dryRun) ? "?dryRun=true" : "");
                using var answer = await LongWork.WhileAsync("running retention", context.Sidecar.CallAsync(HttpMethod.Post, path, null, context.Cancellation));
                context.Print(answer, report => Print(context, report));
            }, dryRun),
        };
    }

    private static void Print(ClientContext context, JsonElement report)
    {
        var table = Tables.Plain("category", "action", "sessions", "size", "skipped because");
        foreach (var entry in report.GetProperty("entries").EnumerateArray())
            table.Add(
                Tables.Text(entry.GetProperty("dataCategory")), Tables.Text(entry.GetProperty("action")),
                Tables.Text(entry.GetProperty("sessions")), Tables.Bytes(entry.GetProperty("bytes")), Tables.Text(entry.GetProperty("skipped")));
        context.Out.Write(table);
    }
}
