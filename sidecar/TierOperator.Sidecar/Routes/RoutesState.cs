using System.Collections.Concurrent;
using System.Text.Json;
using TierOperator.Policy.Compiled;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// The routes that serve now. One owner, the policy source, changes them: all of a policy or nothing. Readers see a whole
/// set, and requests under way keep the one they began with.
/// </summary>
internal sealed class RoutesState(string? secretsFolder, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RouteCounters> _counters = new(StringComparer.Ordinal);
    private RouteProxy? _proxy;
    private volatile RouteSet? _current;
    private string _written = "[]";

    /// <summary>Null while the policy has no routes.</summary>
    public RouteSet? Current => _current;

    /// <summary>
    /// Takes a policy's routes over. Throws <see cref="InvalidOperationException"/> with what to do where they cannot run.
    /// </summary>
    public async Task ApplyAsync(CompiledPolicy policy)
    {
        var written = JsonSerializer.Serialize(policy.Routes, RouteJsonContext.Default.IReadOnlyListCompiledRoute);
        if (written == _written) return;
        if (policy.Routes.Count > 0) _current = await BuildAsync(policy);
        else _current = null;
        _written = written;
    }

    public IEnumerable<DestinationState> DestinationsOf(string route) => _proxy?.DestinationsOf(route) ?? [];

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
    }

    private async Task<RouteSet> BuildAsync(CompiledPolicy policy)
    {
        _proxy ??= new RouteProxy(secretsFolder, loggers);
        foreach (var route in policy.Routes)
            if (_proxy.Clients.Missing(route.Name, route.Origin.CaSecret, route.Origin.ClientCertSecret) is { } missing) throw new InvalidOperationException(missing);
        var forwards = await _proxy.ApplyAsync(policy.Routes);
        var room = (policy.Memory?.CapacityBytes ?? 0, policy.Spillover?.CapacityBytes ?? 0);
        RouteEntry[] entries = [.. policy.Routes.Select(route => new RouteEntry(route, forwards[route.Name], _counters.GetOrAdd(route.Name, _ => new RouteCounters()), room))];
        return new RouteSet(entries, new RouteMatcher(entries, _proxy.Constraints), policy.Routes);
    }
}
