using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>The HELP of a container: its subcommands, a line each.</summary>
internal static class HelpText
{
    public static void Write(RespConnection connection, string container, params ReadOnlySpan<string> lines)
    {
        connection.Reply.Array(lines.Length + 2);
        Line(connection, $"{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        foreach (var line in lines) Line(connection, line);
        Line(connection, "HELP");
    }

    private static void Line(RespConnection connection, string text) => connection.Reply.Simple(System.Text.Encoding.UTF8.GetBytes(text));
}
