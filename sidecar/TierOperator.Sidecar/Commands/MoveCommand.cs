using System.CommandLine;
using Spectre.Console;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier storage load</c> and <c>evict</c>: one session up into memory, or out of it.</summary>
internal static class MoveCommand
{
    public static Command Load() => Create("load", "Bring a session into memory, from whatever tier holds it.");

    public static Command Evict() => Create("evict", "Take a session out of memory; lower tiers keep it.");

    private static Command Create(string name, string help)
    {
        var session = new Argument<string>("session") { Description = "The session's id." };
        return ClientCommand.Create(name, help, async context =>
        {
            var id = context.Parsed.GetValue(session)!;
            using var answer = await context.Sidecar.CallAsync(HttpMethod.Post, $"/v1/sessions/{Uri.EscapeDataString(id)}/{name}", null, context.Cancellation);
            context.Print(answer, moved => context.Out.WriteLine($"{id} is now in: {Tables.Text(moved.GetProperty("tiers"))}"));
        }, session);
    }
}
