namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>Errors in Redis 7.0's own words.</summary>
internal static class Errors
{
    public const string WrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
    public const string NotInteger = "ERR value is not an integer or out of range";
    public const string NotFloat = "ERR value is not a valid float";
    public const string Syntax = "ERR syntax error";
    public const string NoSuchKey = "ERR no such key";
    public const string OutOfRange = "ERR value is out of range";
    public const string IncrementOverflow = "ERR increment or decrement would overflow";
    public const string IncrementNaN = "ERR increment would produce NaN or Infinity";
    public const string StringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    public const string OffsetOutOfRange = "ERR offset is out of range";
    public const string BitOffset = "ERR bit offset is not an integer or out of range";
    public const string HashNotInteger = "ERR hash value is not an integer";
    public const string HashNotFloat = "ERR hash value is not a float";
    public const string InvalidCursor = "ERR invalid cursor";
    public const string NoAuth = "NOAUTH Authentication required.";
    public const string KeyTooLong = "ERR the key or field is longer than 65536 bytes: shorten it, or use a hash of it";
    public const string KeyReserved = "ERR keys that begin with the byte 0xFF are the sidecar's own: choose another";


    /// <summary>Redis' words for a user who may not read every key.</summary>
    public static string SortPattern(string option) => $"ERR {option} option of SORT denied due to insufficient ACL permissions.";

    /// <summary>Redis' words for a user who may not run a command, and why that is so here.</summary>
    public static string OfWholeServer(string command)
        => $"NOPERM this user has no permissions to run the '{command}' command: functions belong to the whole server, which is not this policy's alone; use EVAL";

    public static string Arity(string command) => $"ERR wrong number of arguments for '{command}' command";
    public static string ExpireTime(string command) => $"ERR invalid expire time in '{command}' command";

    public static string Unknown(RespArguments arguments)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 1; i < arguments.Count && text.Length < 128; i++)
            text.Append('\'').Append(Shown(arguments[i], 128 - text.Length)).Append("' ");
        return $"ERR unknown command '{Shown(arguments[0], 128)}', with args beginning with: {text}";
    }

    public static string UnknownSubcommand(RespArguments arguments)
        => $"ERR unknown subcommand '{Shown(arguments[1], 128)}'. Try {arguments.Text(0).ToUpperInvariant()} HELP.";

    // As C shows a string: up to a zero byte, and byte by byte (Latin-1 here, turned back when it is written).
    public static string Shown(ReadOnlySpan<byte> argument, int length)
    {
        var end = argument.IndexOf((byte)0);
        if (end >= 0) argument = argument[..end];
        return System.Text.Encoding.Latin1.GetString(argument[..Math.Min(length, argument.Length)]);
    }
}
