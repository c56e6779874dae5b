using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>CLIENT KILL, in its old form (an address) and its new one (filters that all must hold).</summary>
internal static class ClientKill
{
    public static void Run(RespConnection connection, RespArguments arguments)
    {
        if (arguments.Count == 3) KillAddress(connection, arguments.Text(2));
        else KillFiltered(connection, arguments);
    }

    /// <summary>Clients of a type, as Redis names them; null for a name that is none.</summary>
    public static Func<RespConnection, bool>? ChoiceOf(string type) => type.ToLowerInvariant() switch
    {
        "normal" => client => !client.State.IsSubscribed,
        "pubsub" => client => client.State.IsSubscribed,
        "master" or "replica" or "slave" => _ => false,
        _ => null,
    };

    private static void KillAddress(RespConnection connection, string address)
    {
        var killed = connection.Server.Connections.FirstOrDefault(client => AddressOf(client) == address);
        if (killed is null)
        {
            connection.Reply.Error("ERR No such client");
            return;
        }

        End(connection, killed);
        connection.Reply.Simple("OK"u8);
    }

    private static void KillFiltered(RespConnection connection, RespArguments arguments)
    {
        var (filters, skipsMe) = (new List<Func<RespConnection, bool>>(), true);
        for (var i = 2; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count || !TryFilter(arguments, i, filters, ref skipsMe))
            {
                connection.Reply.Error(i + 1 == arguments.Count ? Errors.Syntax : Fault(arguments, i));
                return;
            }
        }

        var killed = connection.Server.Connections.Where(client => filters.TrueForAll(filter => filter(client)) && !(skipsMe && client == connection)).ToList();
        connection.Reply.Integer(killed.Count);
        foreach (var client in killed) End(connection, client);
    }

    private static string Fault(RespArguments arguments, int at)
    {
        if (arguments.Is(at, "id"u8)) return "ERR client-id should be greater than 0";
        if (arguments.Is(at, "type"u8)) return $"ERR Unknown client type '{arguments.Text(at + 1)}'";
        return arguments.Is(at, "user"u8) ? $"ERR No such user '{arguments.Text(at + 1)}'" : Errors.Syntax;
    }

    private static bool TryFilter(RespArguments arguments, int at, List<Func<RespConnection, bool>> filters, ref bool skipsMe)
    {
        var value = arguments.Text(at + 1);
        if (arguments.Is(at, "id"u8) && arguments.TryInteger(at + 1, out var id) && id > 0) filters.Add(client => client.Id == id);
        else if (arguments.Is(at, "addr"u8)) filters.Add(client => AddressOf(client) == value);
        else if (arguments.Is(at, "laddr"u8)) filters.Add(client => client.Server.Address.ToString() == value);
        else if (arguments.Is(at, "type"u8) && ChoiceOf(value) is { } choice) filters.Add(choice);
        else if (arguments.Is(at, "user"u8) && value == "default") filters.Add(_ => true);
        else if (arguments.Is(at, "skipme"u8) && (arguments.Is(at + 1, "yes"u8) || arguments.Is(at + 1, "no"u8))) skipsMe = arguments.Is(at + 1, "yes"u8);
        else return false;
        return true;
    }

    private static string AddressOf(RespConnection client) => client.State.RemoteAddress ??= client.Socket.RemoteAddress();

    // One's own connection ends when the reply has been sent.
    private static void End(RespConnection killer, RespConnection killed)
    {
        if (killed == killer) killed.IsLeaving = true;
        else killed.Close();
    }
}
