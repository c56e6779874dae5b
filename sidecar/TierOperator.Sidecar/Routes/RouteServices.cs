using System.Diagnostics.Metrics;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Answering;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Metrics;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Routes;

/// <summary>What serves routes: the routes themselves, the cache, and what purges it. Made once at start.</summary>
internal sealed class RouteServices : IAsyncDisposable
{
    public RouteServices(TierEngine engine, string? secretsFolder, TimeProvider time, ILoggerFactory loggers)
    {
        State = new RoutesState(secretsFolder, loggers);
        Marks = new PurgeMarks(engine, time);
        Cache = new RouteCache(new ResponseStore(engine, Marks), new FillTable(), time);
        Marks.Heard += () => _ = Cache.Fills.PartAsync(_ => true);
        _meter.CreateObservableCounter("tier.route.requests", ReadRequests, "{request}", "Requests of routes, by what became of them.");
        _meter.CreateObservableCounter("tier.route.refused", () => Cache.Store.Refused, "{response}", "Responses that no tier had room for.");
    }

    private readonly Meter _meter = new(SidecarMetrics.MeterName);

    public RoutesState State { get; }
    public RouteCache Cache { get; }
    public PurgeMarks Marks { get; }

    /// <summary>Throws <see cref="InvalidOperationException"/> where the policy's routes cannot run.</summary>
    public async Task StartAsync(CompiledPolicy policy)
    {
        await Marks.LoadAsync();
        await State.ApplyAsync(policy);
    }

    public async ValueTask DisposeAsync()
    {
        _meter.Dispose();
        await State.DisposeAsync();
        Marks.Dispose();
    }

    private IEnumerable<Measurement<long>> ReadRequests()
    {
        foreach (var entry in State.Current?.Entries ?? [])
            foreach (var outcome in RouteCounters.Outcomes)
                yield return new Measurement<long>(entry.Counters.Of(outcome), new("route", entry.Route.Name), new("outcome", outcome.ToString().ToLowerInvariant()));
    }
}
