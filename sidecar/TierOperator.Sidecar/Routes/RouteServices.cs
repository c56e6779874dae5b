using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Answering;
using TierOperator.Sidecar.HttpCache.Storing;
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
    }

    public RoutesState State { get; }
    public RouteCache Cache { get; }
    public PurgeMarks Marks { get; }

    /// <summary>Throws <see cref="InvalidOperationException"/> where the policy's routes cannot run.</summary>
    public async Task StartAsync(CompiledPolicy policy)
    {
        await Marks.LoadAsync(CancellationToken.None);
        await State.ApplyAsync(policy);
    }

    public async ValueTask DisposeAsync()
    {
        await State.DisposeAsync();
        Marks.Dispose();
    }
}
