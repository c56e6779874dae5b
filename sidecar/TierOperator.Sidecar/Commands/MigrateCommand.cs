using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TierOperator.Sidecar.Commands.Client;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier storage migrate</c>: moves one session, or all with a prefix, to a tier.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var session = new Argument<string?>("session") { Description = "The session's id; left out with --prefix.", Arity = ArgumentArity.ZeroOrOne };
        var prefix = new Option<string?>("--prefix") { Description = "Moves every session whose id starts with this.", HelpName = "PREFIX" };
        var to = new Option<string>("--to") { Description = "The tier: memory, spillover, redis or postgres.", Required = true, HelpName = "TIER" };
        return ClientCommand.Create("migrate", "Move sessions to a tier.", context =>
        {
            var one = context.Parsed.GetValue(session);
            var many = context.Parsed.GetValue(prefix);
            var body = $"{{\"to\":{JsonSerializer.Serialize(context.Parsed.GetValue(to), TextJsonContext.Default.String)}}}";
            if ((one is null) == (many is null)) throw new StartFault(ExitCode.Usage, "name either a session or --prefix PREFIX");
            return one is null ? ManyAsync(context, many!, body) : OneAsync(context, one, body);
        }, session, prefix, to);
    }

    private static async Task OneAsync(ClientContext context, string session, string body)
    {
        using var answer = await context.Sidecar.CallAsync(HttpMethod.Post, PathOf(session), body, context.Cancellation);
        context.Print(answer, moved => context.Out.WriteLine($"{session} is now in: {Tables.Text(moved.GetProperty("tiers"))}"));
    }

    private static async Task ManyAsync(ClientContext context, string prefix, string body)
    {
        var sessions = await ListAsync(context, prefix);
        var (moved, refused) = (0, new List<string>());
        StartFault? first = null;
        await LongWork.WithBarAsync("migrating", async tell =>
        {
            for (var i = 0; i < sessions.Count; i++)
            {
                try
                {
                    using var answer = await context.Sidecar.CallAsync(HttpMethod.Post, PathOf(sessions[i]), body, context.Cancellation);
                    moved++;
                }
                catch (StartFault fault) when (fault.IsAboutTheSession)
                {
                    refused.Add(sessions[i]);
                    first ??= fault;
                }

                tell((i + 1.0) / sessions.Count);
            }
        });
        if (first is not null)
            throw new StartFault(ExitCode.Refused, $"{moved} sessions moved, {refused.Count} not; the first of these, {refused[0]}: {first.Message}") { Problem = first.Problem };
        var count = moved.ToString(CultureInfo.InvariantCulture);
        await context.Out.Profile.Out.Writer.WriteLineAsync(context.IsJson ? $"{{\"sessions\":{count}}}" : $"{count} sessions moved");
    }

    private static async Task<List<string>> ListAsync(ClientContext context, string prefix)
    {
        List<string> sessions = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var path = $"/v1/sessions?limit=1000&prefix={Uri.EscapeDataString(prefix)}";
            if (cursor.Length > 0) path += "&cursor=" + Uri.EscapeDataString(cursor);
            using var page = await context.Sidecar.CallAsync(HttpMethod.Get, path, null, context.Cancellation);
            foreach (var listed in page.RootElement.GetProperty("sessions").EnumerateArray())
                if (listed.TryGetProperty("session", out var id)) sessions.Add(id.GetString()!);
            cursor = page.RootElement.GetProperty("next").GetString();
        }

        return sessions;
    }

    private static string PathOf(string session) => $"/v1/sessions/{Uri.EscapeDataString(session)}/migrate";
}
