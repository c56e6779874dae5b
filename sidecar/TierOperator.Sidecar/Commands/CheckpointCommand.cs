using System.CommandLine;
using TierOperator.Sidecar.Commands.Client;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier checkpoint</c>: point-in-time copies of the local tiers of a running sidecar.</summary>
internal static class CheckpointCommand
{
    public static Command Create() => new("checkpoint", "Make, list and restore point-in-time copies of the local tiers.")
    {
        ClientCommand.Create("create", "Make a checkpoint now.", CreateAsync),
        ClientCommand.Create("list", "List the checkpoints.", ListAsync),
        Restore(),
    };

    private static async Task CreateAsync(ClientContext context)
    {
        using var answer = await LongWork.WhileAsync("writing the checkpoint", context.Sidecar.CallAsync(HttpMethod.Post, "/v1/checkpoints", null, context.Cancellation));
        context.Print(answer, checkpoint => context.Out.Write(Tables.OfMembers(checkpoint)));
    }

    private static async Task ListAsync(ClientContext context)
    {
        using var answer = await context.Sidecar.CallAsync(HttpMethod.Get, "/v1/checkpoints", null, context.Cancellation);
        context.Print(answer, list =>
        {
            var table = Tables.Plain("id", "created", "sessions", "items", "size");
            foreach (var checkpoint in list.GetProperty("checkpoints").EnumerateArray())
                table.Add(
                    Tables.Text(checkpoint.GetProperty("id")), Tables.Time(checkpoint.GetProperty("created")),
                    Tables.Text(checkpoint.GetProperty("sessions")), Tables.Text(checkpoint.GetProperty("items")),
                    Tables.Bytes(checkpoint.GetProperty("bytes")));
            context.Out.Write(table);
        });
    }

    private static Command Restore()
    {
        var id = new Argument<string>("id") { Description = "The checkpoint, as list names it." };
        return ClientCommand.Create("restore", "Write a checkpoint's sessions back; others stay as they are.", async context =>
        {
            var path = $"/v1/checkpoints/{Uri.EscapeDataString(context.Parsed.GetValue(id)!)}/restore";
            using var answer = await LongWork.WhileAsync("restoring", context.Sidecar.CallAsync(HttpMethod.Post, path, null, context.Cancellation));
            context.Print(answer, restored => context.Out.Write(Tables.OfMembers(restored)));
        }, id);
    }
}
