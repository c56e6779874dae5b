using System.CommandLine;
using Spectre.Console;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier storage dead-letters</c>: what a shared tier refused for good.</summary>
internal static class DeadLettersCommand
{
    public static Command Create() => new("dead-letters", "What a shared tier refused for good: list, retry, drop.")
    {
        ClientCommand.Create("list", "List them, oldest first.", ListAsync),
        One("retry", "Send the session anew, as it is now.", HttpMethod.Post, "/retry"),
        One("drop", "Give the change up; what is here of the session stays.", HttpMethod.Delete, ""),
    };

    private static async Task ListAsync(ClientContext context)
    {
        using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, "/v1/dead-letters", null, context.Cancellation);
        context.Print(answer, letters =>
        {
            var table = Tables.Plain("id", "tier", "session", "refused", "reason");
            foreach (var letter in letters.GetProperty("letters").EnumerateArray())
                table.Add(
                    Tables.Text(letter.GetProperty("id")), Tables.Text(letter.GetProperty("tier")),
                    letter.TryGetProperty("session", out var session) ? Tables.Text(session) : "(not UTF-8)",
                    Tables.Text(letter.GetProperty("refused")), Tables.Text(letter.GetProperty("reason")));
            context.Out.Write(table);
        });
    }

    private static Command One(string name, string help, HttpMethod method, string tail)
    {
        var id = new Argument<string>("id") { Description = "The letter's id, as `list` shows it." };
        return ClientCommand.Create(name, help, async context =>
        {
            var letter = context.Parsed.GetValue(id)!;
            using var answer = await context.Sidecar.CallAsync(method, $"/v1/dead-letters/{Uri.EscapeDataString(letter)}{tail}", null, context.Cancellation);
            context.Print(answer, done => context.Out.WriteLine($"{letter} {Tables.Text(done.GetProperty("outcome"))}"));
        }, id);
    }
}
