using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier storage</c>: looks at and moves what a running sidecar holds.</summary>
internal static class StorageCommand
{
    public static Command Create() => new("storage", "Look at and move what a running sidecar holds.")
    {
        ClientCommand.Create("status", "The policy that runs, and the tiers.", StatusAsync),
        ClientCommand.Create("stats", "Counters since the start.", StatsAsync),
        Retrieve(),
        SearchCommand.Create(),
        MoveCommand.Load(),
        MoveCommand.Evict(),
        Explain(),
        MigrateCommand.Create(),
        DeadLettersCommand.Create(),
        ClientCommand.Create("compact", "Rewrite the disk's segments without what is dead.", CompactAsync),
    };

    private static Command Retrieve()
    {
        var session = new Argument<string>("session") { Description = "The session's id." };
        var item = new Option<string?>("--item") { Description = "One item, as it was stored; without it the session's JSON document.", HelpName = "ID" };
        return ClientCommand.Create("retrieve", "Print a session or one of its items to standard output.", async context =>
        {
            var path = "/v1/sessions/" + Uri.EscapeDataString(context.Parsed.GetValue(session)!);
            if (context.Parsed.GetValue(item) is { } name) path += "/items/" + Uri.EscapeDataString(name);
            await using var target = Console.OpenStandardOutput();
            await context.Sidecar.CopyAsync(path, target, context.Cancellation);
        }, session, item);
    }

    private static Command Explain()
    {
        var session = new Argument<string>("session") { Description = "The session's id." };
        var item = new Option<string?>("--item") { Description = "One item of the session.", HelpName = "ID" };
        return ClientCommand.Create("explain", "Say which rule takes a session, and where its copies are.", async context =>
        {
            var path = "/v1/explain?session=" + Uri.EscapeDataString(context.Parsed.GetValue(session)!);
            if (context.Parsed.GetValue(item) is { } name) path += "&item=" + Uri.EscapeDataString(name);
            using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, path, null, context.Cancellation);
            context.Print(answer, explained => context.Out.Write(Tables.OfMembers(explained)));
        }, session, item);
    }

    private static async Task StatusAsync(ClientContext context)
    {
        using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, "/v1/status", null, context.Cancellation);
        context.Print(answer, status =>
        {
            var policy = status.GetProperty("policy");
            context.Out.MarkupLineInterpolated($"policy {policy.GetProperty("name").GetString()} revision {policy.GetProperty("revision").GetString()![..12]}");
            if (policy.GetProperty("refused") is { ValueKind: JsonValueKind.Object } refused)
                context.Out.MarkupLineInterpolated($"[red]the file holds a policy that is refused[/]: {Tables.Text(refused.GetProperty("reasons"))}");
            context.Out.Write(TiersTable(status));
        });
    }

    private static async Task StatsAsync(ClientContext context)
    {
        using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, "/v1/stats", null, context.Cancellation);
        context.Print(answer, stats =>
        {
            context.Out.Write(TiersTable(stats));
            context.Out.Write(AccessesTable.Of(stats.GetProperty("rules")));
            context.Out.Write(Tables.OfMembers(stats.GetProperty("counters")));
        });
    }

    private static async Task CompactAsync(ClientContext context)
    {
        using var answer = await LongWork.WhileAsync("compacting", context.Sidecar.CallAsync(HttpMethod.Post, "/v1/storage/compact", null, context.Cancellation));
        context.Print(answer, _ => context.Out.WriteLine("compacted"));
    }

    private static Table TiersTable(JsonElement status)
    {
        var table = Tables.Plain("tier", "state", "used", "capacity", "sessions", "items", "hits");
        foreach (var tier in status.GetProperty("tiers").EnumerateArray())
            table.Add(
                Tables.Text(tier.GetProperty("name")), Tables.Text(tier.GetProperty("state")),
                Tables.Bytes(tier.GetProperty("usedBytes")), Tables.Bytes(tier.GetProperty("capacityBytes")),
                Tables.Text(tier.GetProperty("sessions")), Tables.Text(tier.GetProperty("items")), Tables.Text(tier.GetProperty("hits")));
        return table;
    }
}
