using System.CommandLine;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier storage search</c>: items by their words.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        var words = new Argument<string>("query") { Description = "Words, \"a phrase\", begin*, -not, OR." };
        var limit = new Option<int>("--limit") { Description = "The most hits.", DefaultValueFactory = static _ => 20, HelpName = "N" };
        return ClientCommand.Create("search", "Find items by their words; best first.", async context =>
        {
            var path = $"/v1/search?q={Uri.EscapeDataString(context.Parsed.GetValue(words)!)}&limit={context.Parsed.GetValue(limit)}";
            using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, path, null, context.Cancellation);
            context.Print(answer, found =>
            {
                var table = Tables.Plain("session", "item", "rank", "found");
                foreach (var hit in found.GetProperty("hits").EnumerateArray())
                    table.Add(
                        hit.TryGetProperty("session", out var session) ? Tables.Text(session) : "(not UTF-8)",
                        hit.TryGetProperty("item", out var item) ? Tables.Text(item) : "(not UTF-8)",
                        Tables.Text(hit.GetProperty("rank")), Tables.Text(hit.GetProperty("highlight")));
                context.Out.Write(table);
            });
        }, words, limit);
    }
}
