using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>
/// HSCAN. A small hash in one answer, as Redis does. Else fields in the order of a hash of their names, and the cursor is the first
/// one that was not given: so a field that is there during the whole scan is given exactly once, whatever comes and goes beside it, on
/// any sidecar and after a restart.
/// </summary>
internal static class HashScan
{
    /// <summary>Redis' own bounds of a small hash.</summary>
    private const int MostSmallFields = 512, MostSmallBytes = 64;

    /// <summary>
    /// Each call looks at every field. So that a scan of a huge hash does not grow with its square, it takes no more calls than this,
    /// whatever COUNT asks for: COUNT is a hint.
    /// </summary>
    private const int MostCalls = 256;

    // A cursor that JavaScript can hold as a number.
    private const ulong CursorMask = (1UL << 53) - 1;

    public static IReadOnlyList<Command> Commands { get; } = [Command.Read("hscan", -3, KeyPlaces.One, Scan)];

    private static void Scan(KeyCall call)
    {
        if (!ScanOptions.TryCursor(call.Arguments[2], out var cursor))
        {
            call.Fail(Errors.InvalidCursor);
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.HashKind)) return;
        if (!ScanOptions.TryRead(call.Arguments, 3, out var options, out var error))
        {
            if (session.Exists) call.Fail(error!);
            else Write(call, 0, []);
            return;
        }

        var end = EndOf(session, cursor, options.Count);
        Write(call, end == ulong.MaxValue ? 0 : end, FieldsBetween(session, cursor, end, options));
    }

    /// <summary>Where a call that begins at the cursor ends; the last one at the largest number there is.</summary>
    private static ulong EndOf(EditedSession session, ulong cursor, int count)
    {
        var isSmall = session.Count <= MostSmallFields;
        var step = Math.Max(count, session.Count / MostCalls);
        // The `step` smallest places from the cursor on, and one more: the place at which the next call begins.
        var places = new PriorityQueue<ulong, ulong>(Math.Min(step, session.Count) + 1, Comparer<ulong>.Create(static (left, right) => right.CompareTo(left)));
        session.ForEach((field, value) =>
        {
            isSmall &= field.Length <= MostSmallBytes && value.Length <= MostSmallBytes;
            var place = PlaceOf(field);
            if (place < cursor) return;
            if (places.Count <= step) places.Enqueue(place, place);
            else if (place < places.Peek()) places.EnqueueDequeue(place, place);
        });
        return (isSmall && cursor == 0) || places.Count <= step ? ulong.MaxValue : Math.Max(places.Peek(), cursor + 1);
    }

    private static List<(byte[] Field, byte[] Value)> FieldsBetween(EditedSession session, ulong cursor, ulong end, ScanOptions options)
    {
        var fields = new List<(byte[], byte[])>();
        session.ForEach((field, value) =>
        {
            var place = PlaceOf(field);
            if (place >= cursor && place < end && options.Takes(field)) fields.Add((field.ToArray(), value.ToArray()));
        });
        return fields;
    }

    // Never 0, which is the cursor that begins and ends a scan. The seed is fixed, so that a place is the same everywhere.
    private static ulong PlaceOf(ReadOnlySpan<byte> field) => Math.Max(1, KeyHash.Compute(field, 0) & CursorMask);

    private static void Write(KeyCall call, ulong cursor, List<(byte[] Field, byte[] Value)> fields)
    {
        call.Reply.Array(2);
        call.Reply.Bulk(System.Text.Encoding.ASCII.GetBytes($"{cursor}"));
        call.Reply.Array(fields.Count * 2);
        foreach (var (field, value) in fields)
        {
            call.Reply.Bulk(field);
            call.Reply.Bulk(value);
        }
    }
}
