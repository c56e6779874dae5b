using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: server-assisted client caching.</summary>
internal static class ClientTracking
{
    private const int MostPrefixes = 1000;

    public static IReadOnlyList<Command> Subcommands { get; } =
    [
        Command.Of("client|tracking", -3, CommandFlags.None, Track),
        Command.Of("client|caching", 3, CommandFlags.None, Cache),
        Command.Of("client|getredir", 2, CommandFlags.None, (connection, _) => connection.Reply.Integer(connection.State.Tracking?.RedirectTo ?? -1)),
        Command.Of("client|trackinginfo", 2, CommandFlags.None, Tell),
    ];

    private static void Track(RespConnection connection, RespArguments arguments)
    {
        if (!TryRead(connection, arguments, out var wanted)) return;
        if (arguments.Is(2, "on"u8))
        {
            if (FaultOf(connection.State.Tracking, wanted) is { } fault)
            {
                connection.Reply.Error(fault);
                return;
            }

            connection.Server.Tracking.Turn(connection, Merged(connection.State.Tracking, wanted));
        }
        else if (arguments.Is(2, "off"u8))
        {
            connection.Server.Tracking.Turn(connection, null);
        }
        else
        {
            connection.Reply.Error(Errors.Syntax);
            return;
        }

        connection.Reply.Simple("OK"u8);
    }

    private static TrackingState Merged(TrackingState? before, TrackingState wanted)
        => before is { IsBroadcast: true } ? wanted with { Prefixes = [.. before.Prefixes.Concat(wanted.Prefixes)] } : wanted;

    private static bool TryRead(RespConnection connection, RespArguments arguments, out TrackingState wanted)
    {
        wanted = new TrackingState();
        var prefixes = new List<byte[]>();
        for (var i = 3; i < arguments.Count; i++)
        {
            var hasNext = i + 1 < arguments.Count;
            if (arguments.Is(i, "bcast"u8)) wanted = wanted with { IsBroadcast = true };
            else if (arguments.Is(i, "optin"u8)) wanted = wanted with { IsOptIn = true };
            else if (arguments.Is(i, "optout"u8)) wanted = wanted with { IsOptOut = true };
            else if (arguments.Is(i, "noloop"u8)) wanted = wanted with { IsNoLoop = true };
            else if (hasNext && arguments.Is(i, "prefix"u8) && prefixes.Count < MostPrefixes) prefixes.Add(arguments[++i].ToArray());
            else if (!hasNext || !arguments.Is(i, "redirect"u8) || !TryRedirect(connection, arguments, ++i, ref wanted))
            {
                if (!hasNext || !arguments.Is(i - 1, "redirect"u8)) connection.Reply.Error(Errors.Syntax);
                return false;
            }
        }

        wanted = wanted with { Prefixes = prefixes };
        return true;
    }

    private static bool TryRedirect(RespConnection connection, RespArguments arguments, int at, ref TrackingState wanted)
    {
        if (wanted.RedirectTo != 0) connection.Reply.Error("ERR A client can only redirect to a single other client");
        else if (!arguments.TryInteger(at, out var id)) connection.Reply.Error(Errors.NotInteger);
        else if (connection.Server.Find(id) is null) connection.Reply.Error("ERR The client ID you want redirect to does not exist");
        else
        {
            wanted = wanted with { RedirectTo = id };
            return true;
        }

        return false;
    }

    private static string? FaultOf(TrackingState? before, TrackingState wanted)
    {
        if (!wanted.IsBroadcast && wanted.Prefixes.Count > 0) return "ERR PREFIX option requires BCAST mode to be enabled";
        if (before is not null && before.IsBroadcast != wanted.IsBroadcast)
            return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
        if (wanted.IsBroadcast && (wanted.IsOptIn || wanted.IsOptOut)) return "ERR OPTIN and OPTOUT are not compatible with BCAST";
        if (wanted is { IsOptIn: true, IsOptOut: true }) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
        if (before is not null && ((wanted.IsOptIn && before.IsOptOut) || (wanted.IsOptOut && before.IsOptIn)))
            return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
        return wanted.IsBroadcast ? OverlapOf(before?.Prefixes ?? [], wanted.Prefixes) : null;
    }

    // Two prefixes of which one covers the other would tell the same change twice.
    private static string? OverlapOf(IReadOnlyList<byte[]> before, IReadOnlyList<byte[]> wanted)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            foreach (var other in before)
                if (Overlap(wanted[i], other)) return Text(wanted[i], other, "an existing prefix");
            for (var j = i + 1; j < wanted.Count; j++)
                if (Overlap(wanted[i], wanted[j])) return Text(wanted[i], wanted[j], "another provided prefix");
        }

        return null;
    }

    private static bool Overlap(byte[] left, byte[] right) => left.AsSpan().StartsWith(right) || right.AsSpan().StartsWith(left);

    private static string Text(byte[] prefix, byte[] other, string what)
        => $"ERR Prefix '{System.Text.Encoding.UTF8.GetString(prefix)}' overlaps with {what} '{System.Text.Encoding.UTF8.GetString(other)}'. Prefixes for a single client must not overlap.";

    private static void Cache(RespConnection connection, RespArguments arguments)
    {
        var tracking = connection.State.Tracking;
        var isYes = arguments.Is(2, "yes"u8);
        if (tracking is null) connection.Reply.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
        else if (!isYes && !arguments.Is(2, "no"u8)) connection.Reply.Error(Errors.Syntax);
        else if (isYes && !tracking.IsOptIn) connection.Reply.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
        else if (!isYes && !tracking.IsOptOut) connection.Reply.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
        else
        {
            tracking.NextCaching = isYes;
            connection.Reply.Simple("OK"u8);
        }
    }

    private static void Tell(RespConnection connection, RespArguments arguments)
    {
        var (reply, tracking) = (connection.Reply, connection.State.Tracking);
        var flags = new List<string> { tracking is null ? "off" : "on" };
        if (tracking is { IsBroadcast: true }) flags.Add("bcast");
        if (tracking is { IsOptIn: true }) flags.Add("optin");
        if (tracking is { IsOptOut: true }) flags.Add("optout");
        if (tracking is { IsOptIn: true, NextCaching: true }) flags.Add("caching-yes");
        if (tracking is { IsOptOut: true, NextCaching: false }) flags.Add("caching-no");
        if (tracking is { IsNoLoop: true }) flags.Add("noloop");
        if (tracking is { IsBroken: true }) flags.Add("broken_redirect");
        reply.Map(3);
        reply.Bulk("flags"u8);
        reply.Set(flags.Count);
        foreach (var flag in flags) reply.Bulk(flag);
        reply.Bulk("redirect"u8);
        reply.Integer(tracking?.RedirectTo ?? -1);
        reply.Bulk("prefixes"u8);
        reply.Array(tracking?.Prefixes.Count ?? 0);
        foreach (var prefix in tracking?.Prefixes ?? []) reply.Bulk(prefix);
    }
}
