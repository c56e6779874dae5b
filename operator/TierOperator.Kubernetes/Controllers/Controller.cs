using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Metrics;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.Queueing;

namespace TierOperator.Kubernetes.Controllers;

/// <summary>
/// Calls an entity controller for every entity that may need it:
/// 1. changes of entities, and of objects that map to them, put keys into one queue;
/// 2. workers wait until all informers are in step, take a key, and read the entity from the store at that moment;
/// 3. an entity being deleted gets its finalizers run; any other gets ours added, then is reconciled;
/// 4. the outcome says when the key comes back.
/// </summary>
public sealed partial class Controller<T> : IDisposable where T : class, IKubeObject
{
    private readonly ControllerOptions _options;
    private readonly Informer<T> _entities;
    private readonly IEntityController<T> _controller;
    private readonly FinalizerRunner<T> _finalizers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly List<Func<CancellationToken, Task>> _syncs = [];
    private readonly ConcurrentDictionary<ObjectKey, T> _gone = new();

    public Controller(KubeClient client, Informer<T> entities, IEntityController<T> controller, ControllerOptions options, ILogger logger, params IReadOnlyList<IEntityFinalizer<T>> finalizers)
    {
        (_entities, _controller, _options, _logger, _time) = (entities, controller, options, logger, client.Time);
        _finalizers = new FinalizerRunner<T>(client, entities.Type, finalizers);
        Queue = new WorkQueue(_time);
        KubernetesMeter.Opened(options.Name, Queue);
        _syncs.Add(entities.WaitForSyncAsync);
        entities.Subscribe(Take);
    }

    /// <summary>For whoever learns of a reason to reconcile from elsewhere.</summary>
    public WorkQueue Queue { get; }

    /// <summary>Reconciles entities when an object of another kind changes, in whatever way. Call before the informers run.</summary>
    public void Watch<TOther>(Informer<TOther> others, Func<TOther, IEnumerable<ObjectKey>> entitiesOf) where TOther : class, IKubeObject
    {
        _syncs.Add(others.WaitForSyncAsync);
        others.Subscribe(change =>
        {
            foreach (var key in entitiesOf(change.Current)) Queue.Add(key);
            // A label that moved from one entity to another concerns both.
            if (change is { Kind: ChangeKind.Updated, Old: not null })
                foreach (var key in entitiesOf(change.Old)) Queue.Add(key);
        });
    }

    /// <summary>Watches objects by the owner reference that says who controls them.</summary>
    public void Owns<TOwned>(Informer<TOwned> owned) where TOwned : class, IKubeObject => Watch(owned, item =>
        item.Metadata.OwnerReferences.Where(owner => owner.IsController && owner.Kind == _entities.Type.Kind)
            .Select(owner => new ObjectKey(item.Metadata.Namespace, owner.Name)));

    /// <summary>Works until it is cancelled, then lets reconciliations under way end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        KubernetesMeter.Announce(_options.Name);
        foreach (var sync in _syncs) await sync(cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, _options.Workers).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None)));
    }

    public void Dispose()
    {
        KubernetesMeter.Closed(Queue);
        Queue.Dispose();
    }

    private void Take(ObjectChange<T> change)
    {
        var key = change.Current.Metadata.Key;
        if (change.Kind == ChangeKind.Deleted) _gone[key] = change.Current;
        if (ControllerOptions.IsRelevant(change)) Queue.Add(key);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                key = await Queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await HandleAsync(key, cancellationToken);
            Queue.Done(key);
        }
    }

    private async Task HandleAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        using var deadline = new CancellationTokenSource(_options.ReconcileTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var result = await ReconcileAsync(key, either.Token);
            Schedule(key, result);
            KubernetesMeter.Reconciled(_options.Name, result.IsSuccess ? "success" : "requeue", _time.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // We are stopping: whoever works next finds the world as it is and goes on from there.
        }
        catch (Exception error)
        {
            Queue.AddFailed(key);
            KubernetesMeter.Reconciled(_options.Name, "error", _time.GetElapsedTime(started));
            LogFailed(_logger, _options.Name, key, Queue.FailuresOf(key), error.Message, error is KubeApiException ? null : error);
        }
    }

    private async Task<ReconciliationResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var entity = _entities.Store.Find(key);
        if (_gone.TryRemove(key, out var gone) && entity?.Metadata.Uid != gone.Metadata.Uid)
        {
            var result = await ForgetAsync(key, gone, cancellationToken);
            if (entity is null || !result.IsSuccess) return result;
        }

        if (entity is null) return ReconciliationResult.Success;
        if (entity.Metadata.IsBeingDeleted) return await _finalizers.RunAsync(entity, cancellationToken);
        await _finalizers.AddMissingAsync(entity, cancellationToken);
        return await _controller.ReconcileAsync(entity, cancellationToken);
    }

    private async Task<ReconciliationResult> ForgetAsync(ObjectKey key, T gone, CancellationToken cancellationToken)
    {
        var isDone = false;
        try
        {
            var result = await _controller.DeletedAsync(gone, cancellationToken);
            isDone = result.IsSuccess;
            return result;
        }
        finally
        {
            if (!isDone) _gone.TryAdd(key, gone);
        }
    }

    private void Schedule(ObjectKey key, ReconciliationResult result)
    {
        if (!result.IsSuccess && result.RequeueAfter is null)
        {
            Queue.AddFailed(key);
            return;
        }

        Queue.Forget(key);
        if (result.RequeueAfter is { } after) Queue.AddAfter(key, after);
    }

    [LoggerMessage(EventId = 3010, Level = LogLevel.Warning, Message = "{Controller}: {Key} failed {Failures} times in a row, trying again later: {Reason}")]
    private static partial void LogFailed(ILogger logger, string controller, ObjectKey key, int failures, string reason, Exception? error);
}
