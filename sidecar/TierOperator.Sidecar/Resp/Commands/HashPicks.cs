using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>HRANDFIELD: some of a hash's fields, by chance.</summary>
internal static class HashPicks
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Read("hrandfield", -2, KeyPlaces.One, Random),
    ];

    private static List<(byte[] Field, byte[] Value)> FieldsOf(EditedSession session)
    {
        var fields = new List<(byte[], byte[])>(session.Count);
        session.ForEach((field, value) => fields.Add((field.ToArray(), value.ToArray())));
        return fields;
    }

    private static void Random(KeyCall call)
    {
        var (count, withValues) = (1L, false);
        if (call.Count > 2 && !call.Arguments.TryInteger(2, out count))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        withValues = call.Count == 4 && call.Arguments.Is(3, "withvalues"u8);
        if (call.Count > 4 || (call.Count == 4 && !withValues))
        {
            call.Fail(Errors.Syntax);
            return;
        }

        if (call.Count > 2 && (count is < -(long.MaxValue / 2) or > long.MaxValue / 2 || (withValues && count < -(long.MaxValue / 2))))
        {
            call.Fail(Errors.OutOfRange);
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        var fields = FieldsOf(session);
        if (call.Count == 2) WriteOne(call, fields);
        else if (count < 0 && fields.Count > 0) WriteRepeating(call, fields, -count, withValues);
        else WriteDistinct(call, fields, count, withValues);
    }

    private static void WriteOne(KeyCall call, List<(byte[] Field, byte[] Value)> fields)
    {
        if (fields.Count == 0) call.Reply.Null();
        else call.Reply.Bulk(fields[System.Random.Shared.Next(fields.Count)].Field);
    }

    private static void WriteRepeating(KeyCall call, List<(byte[] Field, byte[] Value)> fields, long count, bool withValues)
    {
        if (count > MostRepeats)
        {
            call.Fail(Errors.OutOfRange);
            return;
        }

        WriteHead(call, (int)count, withValues);
        for (var i = 0; i < count; i++) WritePair(call, fields[System.Random.Shared.Next(fields.Count)], withValues);
    }

    // Redis would fill its memory with the reply; here a client that asks for more is refused.
    private const long MostRepeats = 1_000_000;

    private static void WriteDistinct(KeyCall call, List<(byte[] Field, byte[] Value)> fields, long count, bool withValues)
    {
        var taken = (int)Math.Clamp(count, 0, fields.Count);
        var chosen = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields);
        if (taken < fields.Count) System.Random.Shared.Shuffle(chosen);
        WriteHead(call, taken, withValues);
        foreach (var pair in chosen[..taken]) WritePair(call, pair, withValues);
    }

    // RESP3 gives pairs as arrays of two, RESP2 one flat array.
    private static void WriteHead(KeyCall call, int count, bool withValues)
        => call.Reply.Array(withValues && call.Reply.Protocol == 2 ? count * 2 : count);

    private static void WritePair(KeyCall call, (byte[] Field, byte[] Value) pair, bool withValues)
    {
        if (withValues && call.Reply.Protocol == 3) call.Reply.Array(2);
        call.Reply.Bulk(pair.Field);
        if (withValues) call.Reply.Bulk(pair.Value);
    }
}
