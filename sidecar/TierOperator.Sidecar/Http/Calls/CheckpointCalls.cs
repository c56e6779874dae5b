using System.Text.Json;
using TierOperator.Tiering.Checkpoints;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Point-in-time copies of the local tiers.</summary>
internal static class CheckpointCalls
{
    public static Task ListAsync(Exchange exchange) => TryAsync(exchange, () => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        json.WriteStartArray("checkpoints");
        foreach (var checkpoint in exchange.Engine.ListCheckpoints())
        {
            json.WriteStartObject();
            Write(json, checkpoint);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));

    public static Task CreateAsync(Exchange exchange) => TryAsync(exchange, async () =>
    {
        var checkpoint = await exchange.Engine.CreateCheckpointAsync(exchange.Aborted);
        await JsonAnswer.WriteAsync(exchange.Http, 201, json => Write(json, checkpoint));
    });

    // A restore that has begun is carried through: half of one would be no state that ever was.
    public static Task RestoreAsync(Exchange exchange) => TryAsync(exchange, async () =>
    {
        var outcome = await exchange.Engine.RestoreCheckpointAsync(exchange.FirstText, CancellationToken.None);
        if (outcome.Failed > 0)
        {
            await exchange.RefuseAsync(Problems.NoRoom(
                $"{outcome.Failed} of the checkpoint's sessions could not be written back, {outcome.Restored} were: make room, then restore again."));
            return;
        }

        await JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteString("id", outcome.Id);
            json.WriteNumber("restored", outcome.Restored);
            json.WriteNumber("expired", outcome.Expired);
            json.WriteNumber("erased", outcome.Erased);
        });
    });

    private static async Task TryAsync(Exchange exchange, Func<Task> call)
    {
        if (exchange.Engine.Policy.Spillover is null)
        {
            await exchange.RefuseAsync(Problems.Conflict("Checkpoints are kept in the data folder, and the policy declares no spillover tier."));
            return;
        }

        try
        {
            await call();
        }
        catch (CheckpointException e)
        {
            await exchange.RefuseAsync(ProblemOf(e));
        }
    }

    internal static Problem ProblemOf(CheckpointException e) => e.Kind switch
    {
        CheckpointFault.NotFound => Problems.NotFound(e.Message),
        CheckpointFault.NoRoom => Problems.NoRoom(e.Message),
        CheckpointFault.Disk => Problems.TierUnavailable(e.Message),
        _ => Problems.Conflict(e.Message),
    };

    private static void Write(Utf8JsonWriter json, CheckpointInfo checkpoint)
    {
        json.WriteString("id", checkpoint.Id);
        json.WriteTime("created", checkpoint.CreatedMs);
        json.WriteNumber("sessions", checkpoint.Sessions);
        json.WriteNumber("items", checkpoint.Items);
        json.WriteNumber("bytes", checkpoint.Bytes);
    }
}
