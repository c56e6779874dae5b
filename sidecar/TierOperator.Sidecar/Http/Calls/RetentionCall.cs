using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Tiering.Retention;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Runs retention, or previews it: the executed set equals the previewed one.</summary>
internal static class RetentionCall
{
    /// <summary>Ids listed per entry; the counts are always whole.</summary>
    private const int MaxListed = 1000;

    public static async Task RunAsync(Exchange exchange)
    {
        var dryRun = false;
        if (exchange.Query.Text("dryRun") is { } text && !bool.TryParse(text, out dryRun))
        {
            await exchange.RefuseAsync(Problems.Malformed("dryRun is true or false."));
            return;
        }

        if (exchange.Http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            await exchange.RefuseAsync(Problems.Malformed("This call takes no body, and would not look at it: write ?dryRun=true to preview."));
            return;
        }

        if (await exchange.Engine.RunRetentionEverywhereAsync(dryRun, exchange.Aborted) is not { } report)
        {
            await exchange.RefuseAsync(Problems.TierUnavailable("The postgres tier is away: nothing was chosen and nothing was done. Try again when it answers."));
            return;
        }

        await JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteBoolean("dryRun", report.IsDryRun);
            json.WriteNumber("sessions", report.Entries.Sum(entry => entry.Sessions.Count));
            json.WriteNumber("bytes", report.Entries.Sum(entry => entry.Bytes));
            json.WriteStartArray("entries");
            foreach (var entry in report.Entries) Write(json, entry);
            json.WriteEndArray();
        });
    }

    private static void Write(Utf8JsonWriter json, RetentionEntryReport entry)
    {
        json.WriteStartObject();
        json.WriteString("dataCategory", entry.DataCategory);
        json.WriteString("action", entry.Action.ToString());
        json.WriteNumber("sessions", entry.Sessions.Count);
        json.WriteNumber("bytes", entry.Bytes);
        json.WriteString("skipped", entry.Skipped);
        json.WriteStartArray("ids");
        foreach (var id in entry.Sessions.Take(MaxListed))
            if (System.Text.Unicode.Utf8.IsValid(id)) json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
