using System.Net;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Admin;
using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.Metrics;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Sidecar.Routes;
using TierOperator.Sidecar.Telemetry;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// A running sidecar: engine, listeners and the watch over its files. Start: 1. admin port, so that probes are answered
/// while a large folder is read; 2. tiers; 3. API and Redis protocol; 4. watch. Stop: the same in reverse, with a flush between.
/// </summary>
internal sealed class SidecarHost : IAsyncDisposable
{
    private const string EngineMeter = "TierOperator.Tiering";

    /// <summary>Redis' own limit of an argument.</summary>
    private const long LargestBulkBytes = 512L * 1024 * 1024;
    private readonly Lifecycle _lifecycle = new();
    private readonly List<IDisposable> _owned = [];
    private Listener? _admin;
    private Listener? _api;
    private RespServer? _resp;
    private FileWatch? _watch;
    private TierEngine? _engine;
    private RouteServices? _routes;

    private SidecarHost() { }

    public Uri Api => _api!.Url;
    public Uri Admin => _admin!.Url;
    public IPEndPoint Resp => _resp!.Address;
    public TierEngine Engine => _engine!;
    public PolicyState Policy { get; private set; } = null!;

    /// <summary>Throws <see cref="StartFault"/> with one clear text when anything is in the way.</summary>
    public static async Task<SidecarHost> StartAsync(
        RunOptions options, LoadedPolicy policy, byte[] policyContent, TimeProvider time, ILoggerFactory loggers)
    {
        var host = new SidecarHost();
        try
        {
            await host.StartPartsAsync(options, policy, policyContent, time, loggers);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Drains: no new connections, requests end, the journal is flushed. Null when the grace ran out before.</summary>
    public async Task<FlushReport?> StopAsync(TimeSpan grace, TimeProvider time)
    {
        _lifecycle.Enter(Phase.Draining);
        using var deadline = new CancellationTokenSource(grace, time);
        if (_resp is not null) await _resp.StopAsync(deadline.Token);
        if (_api is not null) await _api.StopAsync(deadline.Token);
        if (_watch is not null) await _watch.DisposeAsync();
        _watch = null;
        try
        {
            return await Engine.FlushAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
        if (_resp is not null) await _resp.DisposeAsync();
        _api?.Dispose();
        if (_routes is not null) await _routes.DisposeAsync();
        if (_engine is not null) await _engine.DisposeAsync();
        if (_admin is not null) await _admin.StopAsync(new CancellationToken(canceled: true));
        _admin?.Dispose();
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    private async Task StartPartsAsync(RunOptions options, LoadedPolicy policy, byte[] content, TimeProvider time, ILoggerFactory loggers)
    {
        Policy = new PolicyState(policy, time.GetUtcNow());
        var token = options.TokenFile is null ? null : LoadToken(options.TokenFile);
        var calls = ApiCalls.Create();
        var collector = Own(new MeterCollector(EngineMeter, SidecarMetrics.MeterName));
        var metrics = Own(new SidecarMetrics(calls.Calls, Policy, time));
        if (Tracing.Start(options.OtlpEndpoint) is { } tracer) Own(tracer);

        var guard = new HostGuard(options.AllowedHosts);
        var admin = new AdminApplication(guard, _lifecycle, Policy, collector, time);
        _admin = await Listener.StartAsync("admin", options.Admin, null, options.Connections, admin, loggers);

        _engine = EngineOpener.Open(options, policy.Compiled, time, loggers);
        _lifecycle.Opened(_engine);

        var log = loggers.CreateLogger("TierOperator.Sidecar");
        _routes = new RouteServices(_engine, options.SecretsFolder, time, loggers);
        await StartRoutesAsync(_routes, policy.Compiled);
        var services = new ApiServices(_engine, Policy, options.Connections, options.Documents, metrics, time, log) { Routes = _routes };
        var api = new ApiApplication(
            new HotRead(_engine, guard, token, metrics), new RoutesWay(_routes, guard, token, time, log),
            new GeneralWay(services, calls, guard, token), options.OtlpEndpoint is not null);
        _api = await Listener.StartAsync("api", options.Api, options.UnixSocket, options.Connections, api, loggers);

        var limits = new RespOptions
        {
            MaxClients = options.Connections.MaxConnections,
            MaxBulkBytes = (int)Math.Min(options.Connections.MaxBodyBytes, LargestBulkBytes),
        };
        _resp = RespServer.Start(options.Resp, _engine, Policy, limits, time, log);
        Own(new RespMetrics(_resp));

        var source = new FilePolicySource(options.PolicyPath, content, new PolicyTakers(Policy, _engine, _routes.State), time, log) { PodUid = options.PodUid };
        _watch = new FileWatch(source, token, options.TokenFile, time, log);
        _watch.Start();
        _lifecycle.Enter(Phase.Ready);
    }

    private static async Task StartRoutesAsync(RouteServices routes, CompiledPolicy policy)
    {
        try
        {
            await routes.StartAsync(policy);
        }
        catch (InvalidOperationException e)
        {
            throw new StartFault(ExitCode.Refused, e.Message);
        }
    }

    private T Own<T>(T part) where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private static BearerToken LoadToken(string path)
    {
        try
        {
            return BearerToken.Load(path);
        }
        catch (IOException e)
        {
            throw new StartFault(ExitCode.Usage, $"{Settings.TokenFile.Flag}: {e.Message}");
        }
    }
}
