using System.Net;
using Microsoft.Extensions.Primitives;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Refuses what a browser could be tricked into: a page of another origin, or a name that was rebound to loopback.
/// Loopback names and addresses, the address that the connection came in by, and the hosts named at start are known.
/// </summary>
/// <remarks>Thread-safe. Hosts once accepted are remembered, so that the usual check is one comparison of strings.</remarks>
internal sealed class HostGuard(IEnumerable<string> allowed)
{
    private readonly HashSet<string> _allowed = new(allowed, StringComparer.OrdinalIgnoreCase);
    private string _lastLoopback = "localhost";

    /// <summary>The usual case: the same Host header as the request before, by a client that is no browser.</summary>
    public bool IsUsual(StringValues host, StringValues origin)
        => origin.Count == 0 && host.Count == 1 && string.Equals(host[0], _lastLoopback, StringComparison.Ordinal);

    /// <summary>As below; these hosts are known too.</summary>
    public Problem? Check(StringValues host, StringValues origin, IPAddress? local, IReadOnlyList<string> alsoKnown)
    {
        if (alsoKnown.Count == 0 || host.Count != 1 || !IsAmong(alsoKnown, new HostString(host[0] ?? ""))) return Check(host, origin, local);
        foreach (var value in origin)
            if (!IsKnownOrigin(value, local)) return Problems.ForeignOrigin();
        return null;
    }

    private static bool IsAmong(IReadOnlyList<string> patterns, HostString host)
    {
        foreach (var pattern in patterns)
        {
            var name = new HostString(pattern).Host;
            if (name.StartsWith("*.", StringComparison.Ordinal) ? host.Host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) : host.Host.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    /// <summary>Null when the request may pass. <paramref name="local"/> is null on a Unix socket, where any host may.</summary>
    public Problem? Check(StringValues host, StringValues origin, IPAddress? local)
    {
        if (local is not null && !IsKnownHost(host, local)) return Problems.ForeignHost();
        foreach (var value in origin)
            if (!IsKnownOrigin(value, local)) return Problems.ForeignOrigin();
        return null;
    }

    private bool IsKnownHost(StringValues host, IPAddress local)
    {
        if (host.Count != 1 || host[0] is not { Length: > 0 } text || !IsKnown(text, local)) return false;
        _lastLoopback = text;
        return true;
    }

    private bool IsKnownOrigin(string? origin, IPAddress? local)
        => Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && IsKnown(uri.IsDefaultPort ? uri.Host : $"{uri.Host}:{uri.Port}", local);

    private bool IsKnown(string authority, IPAddress? local)
    {
        var name = new HostString(authority).Host;
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return true;
        if (_allowed.Contains(name) || _allowed.Contains(authority)) return true;
        if (!IPAddress.TryParse(name, out var address)) return false;
        return IPAddress.IsLoopback(address) || (local is not null && Plain(address).Equals(Plain(local)));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
