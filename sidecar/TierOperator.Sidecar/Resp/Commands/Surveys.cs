using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>KEYS, SCAN, RANDOMKEY, DBSIZE, FLUSHDB, FLUSHALL: over keys that nobody names.</summary>
internal static class Surveys
{
    private const int PageSize = 1000;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Survey("keys", 2, CommandFlags.ReadOnly, Keys),
        Survey("scan", -2, CommandFlags.ReadOnly, Scan),
        Survey("randomkey", 1, CommandFlags.ReadOnly, RandomKey),
        Survey("dbsize", 1, CommandFlags.ReadOnly, Count),
        Survey("flushdb", -1, CommandFlags.Write, FlushAsync),
        Survey("flushall", -1, CommandFlags.Write, FlushAsync),
    ];

    private static Command Survey(string name, int arity, CommandFlags flags, SurveyHandler handler) => new(name, arity, flags)
    {
        OnSurvey = async call =>
        {
            try
            {
                await handler(call);
            }
            catch (Native.NativeAwayException away)
            {
                call.Reply.Truncate(0);
                call.Reply.Error($"TIERDOWN {away.Message}");
            }
        },
    };

    /// <summary>Every key, each once.</summary>
    private static async IAsyncEnumerable<SessionListing> AllAsync(TierEngine engine)
    {
        var seen = new HashSet<byte[]>(ByteComparer.Instance);
        string? cursor = null;
        do
        {
            var page = await engine.ListHereAsync([], TierSet.None, PageSize, cursor, CancellationToken.None);
            foreach (var session in page.Sessions)
                if (session.Items > 0 && seen.Add(session.Key)) yield return session;
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    private static async ValueTask Keys(SurveyCall call)
    {
        var pattern = call.Arguments[1].ToArray();
        var found = (await EverywhereAsync(call)).Where(key => GlobPattern.IsMatch(pattern, key)).ToList();
        call.Reply.Array(found.Count);
        foreach (var key in found) call.Reply.Bulk(key);
    }

    /// <summary>Every key, those that only Redis holds too, each once.</summary>
    private static async ValueTask<List<byte[]>> EverywhereAsync(SurveyCall call)
    {
        var keys = await AllAsync(call.Engine).Select(session => session.Key).ToListAsync();
        if (call.Native is not { First: not 0 } native) return keys;
        var seen = new HashSet<byte[]>(keys, ByteComparer.Instance);
        await foreach (var key in native.AllAsync())
            if (seen.Add(key)) keys.Add(key);
        return keys;
    }

    private static async ValueTask Scan(SurveyCall call)
    {
        if (!ScanOptions.TryCursor(call.Arguments[1], out var cursor))
        {
            call.Reply.Error(Errors.InvalidCursor);
            return;
        }

        if (!ScanOptions.TryRead(call.Arguments, 2, out var options, out var error, allowsType: true))
        {
            call.Reply.Error(error!);
            return;
        }

        if (call.Native is { } native && Native.NativeSurveys.Is(cursor))
        {
            await ScanInRedis(call, native, cursor, options, []);
            return;
        }

        var page = await call.Engine.ListHereAsync([], TierSet.None, options.Count, FromNumber(cursor), CancellationToken.None);
        List<byte[]> found = [.. page.Sessions.Where(session => session.Items > 0 && options.Takes(session.Key) && IsOfType(session, options.Type)).Select(session => session.Key)];
        if (page.Next is null && call.Native is { First: not 0 and var first } there) await ScanInRedis(call, there, first, options, found);
        else WriteStep(call, ToNumber(page.Next), found);
    }

    // After the sessions come the keys that only Redis holds.
    private static async ValueTask ScanInRedis(SurveyCall call, Native.NativeSurveys native, ulong cursor, ScanOptions options, List<byte[]> found)
    {
        var (keys, next) = await native.StepAsync(cursor, options.Count, CancellationToken.None);
        foreach (var key in keys)
            if (options.Takes(key) && (options.Type is null || options.Type == await native.TypeOfAsync(key))) found.Add(key);
        WriteStep(call, Digits(next), found);
    }

    private static void WriteStep(SurveyCall call, ReadOnlySpan<byte> next, List<byte[]> found)
    {
        call.Reply.Array(2);
        call.Reply.Bulk(next);
        call.Reply.Array(found.Count);
        foreach (var key in found) call.Reply.Bulk(key);
    }

    private static byte[] Digits(ulong cursor) => Encoding.ASCII.GetBytes($"{cursor}");

    private static bool IsOfType(SessionListing session, string? type)
        => type is null || type == (session.Kind == KeyCall.StringKind ? "string" : "hash");

    // The engine's cursor is a letter and a position; clients want a number, with 0 for start and end.
    private static string? FromNumber(ulong cursor) => cursor == 0 ? null : $"{((cursor & 1) == 0 ? 'm' : 'd')}{(cursor >> 1) - 1}";

    private static ReadOnlySpan<byte> ToNumber(string? cursor)
    {
        if (cursor is null) return "0"u8;
        var position = ulong.Parse(cursor.AsSpan(1));
        return Encoding.ASCII.GetBytes($"{((position + 1) << 1) | (cursor[0] == 'd' ? 1UL : 0)}");
    }

    // One key of those that a page from a random place shows; over many calls every key comes up.
    private static async ValueTask RandomKey(SurveyCall call)
    {
        byte[]? chosen = null;
        var seen = 0;
        await foreach (var session in AllAsync(call.Engine).Take(PageSize * 10))
            if (Random.Shared.Next(++seen) == 0) chosen = session.Key;
        if (call.Native is { First: not 0 and var first } native)
            foreach (var key in (await native.StepAsync(first, PageSize, CancellationToken.None)).Keys)
                if (Random.Shared.Next(++seen) == 0) chosen = key;
        if (chosen is null) call.Reply.Null();
        else call.Reply.Bulk(chosen);
    }

    private static async ValueTask Count(SurveyCall call) => call.Reply.Integer((await EverywhereAsync(call)).Count);

    private static async ValueTask FlushAsync(SurveyCall call)
    {
        if (call.Arguments.Count > 2 || (call.Arguments.Count == 2 && !call.Arguments.Is(1, "async"u8) && !call.Arguments.Is(1, "sync"u8)))
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }

        if (!call.MayFlush)
        {
            call.Reply.Error("ERR the policy does not permit it: set spec.resp.allowFlush to true");
            return;
        }

        await foreach (var session in AllAsync(call.Engine))
            await call.Engine.DeleteSessionAsync(session.Key, default, CancellationToken.None);
        if (call.Native is { First: not 0 } native)
            await foreach (var key in native.AllAsync()) await native.RemoveAsync(key);
        call.HasFlushed = true;
        call.Reply.Simple("OK"u8);
    }
}
