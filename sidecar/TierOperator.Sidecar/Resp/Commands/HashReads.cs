using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>HGET and its kin: what a hash holds.</summary>
internal static class HashReads
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Read("hget", 3, KeyPlaces.One, Get),
        Command.Read("hmget", -3, KeyPlaces.One, GetMany),
        Command.Read("hexists", 3, KeyPlaces.One, Has),
        Command.Read("hlen", 2, KeyPlaces.One, Count),
        Command.Read("hstrlen", 3, KeyPlaces.One, Length),
        Command.Read("hkeys", 2, KeyPlaces.One, call => All(call, fields: true, values: false)),
        Command.Read("hvals", 2, KeyPlaces.One, call => All(call, fields: false, values: true)),
        Command.Read("hgetall", 2, KeyPlaces.One, call => All(call, fields: true, values: true)),
    ];

    private static void Get(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        call.WriteValue(session, call.Arguments[2]);
    }

    private static void GetMany(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) call.WriteValue(session, call.Arguments[i]);
    }

    private static void Has(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        call.Reply.Integer(session.LengthOf(call.Arguments[2]) >= 0 ? 1 : 0);
    }

    private static void Count(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        call.Reply.Integer(session.Count);
    }

    private static void Length(KeyCall call)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        call.Reply.Integer(Math.Max(0, session.LengthOf(call.Arguments[2])));
    }

    private static void All(KeyCall call, bool fields, bool values)
    {
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        var reply = call.Reply;
        if (fields && values) reply.Map(session.Count);
        else reply.Array(session.Count);
        session.ForEach((field, value) =>
        {
            if (fields) reply.Bulk(field);
            if (values) reply.Bulk(value);
        });
    }
}
