using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>MULTI, EXEC, DISCARD, WATCH, UNWATCH.</summary>
internal static class Transactions
{
    private const CommandFlags Own = CommandFlags.Fast | CommandFlags.Transaction | CommandFlags.SkipSlowLog;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Of("multi", 1, Own, Begin),
        Command.Of("exec", 1, Own, Execute),
        Command.Of("discard", 1, Own, Discard),
        new("watch", -2, Own | CommandFlags.ReadOnly) { Keys = KeyPlaces.All, OnKeys = Look, OnDone = Remember },
        Command.Of("unwatch", 1, CommandFlags.Fast, Unwatch),
    ];

    private static void Begin(RespConnection connection, RespArguments arguments)
    {
        if (connection.State.Transaction.IsOpen)
        {
            connection.Reply.Error("ERR MULTI calls can not be nested");
            return;
        }

        connection.State.Transaction.IsOpen = true;
        connection.Reply.Simple("OK"u8);
    }

    private static void Discard(RespConnection connection, RespArguments arguments)
    {
        if (!connection.State.Transaction.IsOpen)
        {
            connection.Reply.Error("ERR DISCARD without MULTI");
            return;
        }

        connection.State.Transaction.Close();
        connection.Reply.Simple("OK"u8);
    }

    private static void Look(KeyCall call)
    {
        call.Fingerprints.Clear();
        for (var i = 0; i < call.Scope.Count; i++) call.Fingerprints.Add((call.Scope[i].Key.ToArray(), call.Scope[i].Fingerprint()));
        call.Reply.Simple("OK"u8);
    }

    // A key that is watched already keeps the older look: a change between the two counts.
    private static void Remember(RespConnection connection, KeyCall call)
    {
        foreach (var (key, fingerprint) in call.Fingerprints) connection.State.Transaction.Watched.TryAdd(key, fingerprint);
    }

    private static void Unwatch(RespConnection connection, RespArguments arguments)
    {
        connection.State.Transaction.Unwatch();
        connection.Reply.Simple("OK"u8);
    }

    private static void Execute(RespConnection connection, RespArguments arguments)
    {
        var transaction = connection.State.Transaction;
        if (!transaction.IsOpen)
        {
            connection.Reply.Error("ERR EXEC without MULTI");
            return;
        }

        if (transaction.IsSpoiled)
        {
            transaction.Close();
            connection.Reply.Error("EXECABORT Transaction discarded because of previous errors.");
            return;
        }

        var execution = new TransactionExecution(connection.Server, transaction, connection.Reply.Protocol);
        var line = transaction.TakeLine();
        transaction.Close();
        connection.Server.Execute(connection, execution, line);
    }
}
