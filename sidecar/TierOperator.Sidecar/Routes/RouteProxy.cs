using Microsoft.AspNetCore.DataProtection;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Filling;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// YARP without a host: its services, its pipeline, and the endpoints that it makes of the policy's routes. It is built
/// when a policy first has routes, so that a sidecar without them does not pay for it.
/// </summary>
internal sealed class RouteProxy : IEndpointRouteBuilder, IConfigChangeListener, IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly InMemoryConfigProvider _config;
    private TaskCompletionSource _applied = new();

    public RouteProxy(string? secretsFolder, ILoggerFactory loggers)
    {
        Clients = new OriginClients(secretsFolder);
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(new ProxyLoggers(loggers));
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        services.AddRouting();
        services.AddReverseProxy().LoadFromMemory([], []).AddTransforms(RouteTransforms.Add);
        services.AddSingleton<IForwarderHttpClientFactory>(Clients);
        services.AddSingleton<IPassiveHealthCheckPolicy, EjectingPolicy>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IConfigChangeListener>(this);

        // Affinity cookies are only good for this process: the folders of an app's keys are not the sidecar's to write to.
        services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider(loggers));
        _services = services.BuildServiceProvider();
        _config = _services.GetRequiredService<InMemoryConfigProvider>();
        this.MapReverseProxy(pipeline =>
        {
            pipeline.Use((http, next) =>
            {
                OriginTrip.PassOver(http);
                return next(http);
            });
            pipeline.UseSessionAffinity();
            pipeline.UseLoadBalancing();
            pipeline.UsePassiveHealthChecks();
        });
        Constraints = _services.GetRequiredService<IInlineConstraintResolver>();
    }

    public OriginClients Clients { get; }
    public IInlineConstraintResolver Constraints { get; }
    public IServiceProvider ServiceProvider => _services;
    public ICollection<EndpointDataSource> DataSources { get; } = [];

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(_services);

    /// <summary>
    /// Takes routes over. Requests under way end on the routes that they began on. Throws
    /// <see cref="InvalidOperationException"/> when the proxy refuses one; it then goes on with those it had.
    /// </summary>
    public async Task<Dictionary<string, RequestDelegate>> ApplyAsync(IReadOnlyList<CompiledRoute> routes)
    {
        _applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _config.Update([.. routes.Select(ProxyConfig.Route)], [.. routes.Select(ProxyConfig.Cluster)]);
        await _applied.Task;
        var forwards = new Dictionary<string, RequestDelegate>(StringComparer.Ordinal);
        foreach (var endpoint in DataSources.SelectMany(source => source.Endpoints))
            if (endpoint.Metadata.GetMetadata<RouteModel>() is { } model) forwards[model.Config.RouteId] = Forward(endpoint);
        return forwards;
    }

    /// <summary>A route's destinations as the proxy sees them.</summary>
    public IEnumerable<DestinationState> DestinationsOf(string route)
        => _services.GetRequiredService<IProxyStateLookup>().TryGetCluster(route, out var cluster) ? cluster.DestinationsState.AllDestinations : [];

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    void IConfigChangeListener.ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs) { }

    void IConfigChangeListener.ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) => Refuse(exception);

    void IConfigChangeListener.ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs) => _applied.TrySetResult();

    void IConfigChangeListener.ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Refuse(exception);

    private void Refuse(Exception exception)
    {
        var reasons = exception is AggregateException many ? string.Join("; ", many.InnerExceptions.Select(one => one.Message)) : exception.Message;
        _applied.TrySetException(new InvalidOperationException($"the proxy refuses the routes: {reasons}", exception));
    }

    private static RequestDelegate Forward(Endpoint endpoint) => http =>
    {
        http.SetEndpoint(endpoint);
        return endpoint.RequestDelegate!(http);
    };
}
