using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.HttpCache.Rules;

/// <summary>Fields of one connection, which are neither passed on nor stored. Source: RFC 9110, 7.6.1; RFC 9111, 3.1.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> s_notForwarded = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade", "HTTP2-Settings");

    private static readonly FrozenSet<string> s_notStored = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Age", "Cache-Status", "Surrogate-Control");

    /// <summary>Takes away what belongs to the connection that the headers came by, and what its Connection field names.</summary>
    public static void Strip(IHeaderDictionary headers)
    {
        if (headers.Connection.Count > 0) StripNamed(headers, headers.Connection);
        foreach (var name in s_notForwarded) headers.Remove(name);
    }

    /// <summary>Takes away the fields that a Connection field names.</summary>
    public static void StripNamed(IHeaderDictionary headers, StringValues connection)
    {
        foreach (var line in connection)
            foreach (var name in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                headers.Remove(name);
    }

    public static bool IsForwarded(string name) => !s_notForwarded.Contains(name);

    public static bool IsStored(string name) => !s_notStored.Contains(name);
}
