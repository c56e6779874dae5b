using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>A client as CLIENT LIST and CLIENT INFO show it.</summary>
internal static class ClientLine
{
    public static string Of(RespConnection client)
    {
        var (state, now) = (client.State, Environment.TickCount64);
        var address = state.RemoteAddress ??= client.Socket.RemoteAddress();
        var queued = state.Transaction.IsOpen ? state.Transaction.Queue.Count : -1;
        return $"id={client.Id} addr={address} laddr={client.Server.Address} fd={client.Socket.File} name={state.Name}"
            + $" age={(now - state.CreatedMs) / 1000} idle={(now - state.LastInteractionMs) / 1000} flags={FlagsOf(client)} db=0"
            + $" sub={state.Channels.Count} psub={state.Patterns.Count} ssub={state.ShardChannels.Count} multi={queued} qbuf={client.QueryBytes}"
            + $" qbuf-free=0 argv-mem=0 multi-mem={state.Transaction.QueuedBytes} rbs={client.Output.ReservedBytes} rbp=0 obl={client.Output.Unsent} oll=0 omem=0"
            + $" tot-mem={client.ReservedBytes} events=r cmd={state.LastCommand} user=default redir={state.Tracking?.RedirectTo ?? -1} resp={client.Reply.Protocol}";
    }

    private static string FlagsOf(RespConnection client)
    {
        var state = client.State;
        var flags = (state.IsSubscribed ? "P" : "") + (state.Transaction.IsOpen ? "x" : "") + (client.IsBusy ? "b" : "")
            + (state.Tracking is not null ? "t" : "") + (state.Tracking is { IsBroken: true } ? "R" : "")
            + (state.Tracking is { IsBroadcast: true } ? "B" : "") + (state.IsNoEvict ? "e" : "");
        return flags.Length == 0 ? "N" : flags;
    }
}
