using Microsoft.Extensions.Logging;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Metrics;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Informers;

/// <summary>
/// Keeps a store equal to what the API server has:
/// 1. lists all objects, page by page, and changes the store by the differences, deletions included;
/// 2. watches from the list's own version; every event and bookmark moves it forward. The version of the newest object
///    would not do: it misses what was deleted since;
/// 3. a stream that ends is taken up at the last version, after a wait with jitter, for a clean end too;
/// 4. a 410 lists again. So do several failures in a row without an event between them: whatever the server's trouble with
///    this version is, a list ends it.
/// Subscribers are called one after the other, on the informer's own task: they put a key into a queue and return.
/// </summary>
public sealed partial class Informer<T> where T : class, IKubeObject
{
    private const int FailuresBeforeRelist = 4;
    private readonly KubeClient _client;
    private readonly ResourceView<T> _view;
    private readonly ListScope _scope;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Backoff _backoff;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<ObjectChange<T>>[] _subscribers = [];
    private string? _version;
    private long _progressAt;

    public Informer(KubeClient client, ResourceView<T> view, ListScope scope, ILogger logger)
    {
        (_client, _view, _scope, _logger, _time) = (client, view, scope, logger, client.Time);
        _backoff = new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));
        _progressAt = _time.GetTimestamp();
    }

    public ResourceType Type => _view.Type;

    public ObjectStore<T> Store { get; } = new();

    /// <summary>True once the first list is in the store.</summary>
    public bool IsSynced => _synced.Task.IsCompleted;

    /// <summary>Since when the server has told nothing: no page, event or bookmark, and no watch that ended as it should.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _progressAt));

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>Asks to be told of every change from now on; before <see cref="RunAsync"/> that is every object.</summary>
    public void Subscribe(Action<ObjectChange<T>> subscriber) => _subscribers = [.. _subscribers, subscriber];

    /// <summary>Runs until it is cancelled. Every fault of the server or the network is waited out.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var versionBefore = _version;
            try
            {
                if (_version is null) await ListAsync(cancellationToken);
                await WatchAsync(cancellationToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                failures = _version is not null && _version != versionBefore ? 1 : failures + 1;
                Judge(error, ref failures);
            }

            if (failures <= 1) _backoff.Reset();
            if (!await WaitAsync(_backoff.Next(), cancellationToken)) return;
        }
    }

    private void Judge(Exception error, ref int failures)
    {
        var gone = error is KubeApiException { IsGone: true };
        if (gone || failures >= FailuresBeforeRelist)
        {
            if (_version is not null) KubernetesMeter.Relisted(Type);
            _version = null;
            failures = gone ? 0 : failures;
        }

        if (gone) LogGone(_logger, Type);
        else LogBroken(_logger, Type, failures, error.Message);
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var seen = new HashSet<ObjectKey>();
        string? next = null;
        string version;
        do
        {
            // Pages go into the store as they come. A 410 between them starts anew; what went in stays, and is compared again.
            var page = await _client.ListPageAsync(_view, _scope, next, cancellationToken);
            foreach (var item in page.Items)
            {
                seen.Add(item.Metadata.Key);
                Put(item);
            }

            (next, version) = (page.Continue, page.ResourceVersion);
            MarkProgress();
        }
        while (next is not null);

        foreach (var key in Store.Keys.Where(key => !seen.Contains(key)).ToList()) Remove(key);
        _version = version;
        if (_synced.TrySetResult()) LogSynced(_logger, Type, Store.Count);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        KubernetesMeter.WatchStarted(Type);
        await foreach (var change in _client.WatchAsync(_view, _scope, _version!, cancellationToken))
        {
            if (change.Kind == WatchEventKind.Deleted) Remove(change.Item!.Metadata.Key, change.Item);
            else if (change.Kind != WatchEventKind.Bookmark) Put(change.Item!);
            _version = change.ResourceVersion;
            MarkProgress();
        }

        MarkProgress();
    }

    private void Put(T item)
    {
        if (Store.Put(item, out var change)) Tell(change);
    }

    private void Remove(ObjectKey key, T? last = null)
    {
        if (Store.Remove(key, out var change)) Tell(last is null ? change : change with { Current = last });
    }

    private void Tell(in ObjectChange<T> change)
    {
        foreach (var subscriber in _subscribers) subscriber(change);
    }

    private void MarkProgress() => Volatile.Write(ref _progressAt, _time.GetTimestamp());

    private async Task<bool> WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "{Type}: in step with the API server, {Count} objects")]
    private static partial void LogSynced(ILogger logger, ResourceType type, int count);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "{Type}: the API server no longer has our version, listing again")]
    private static partial void LogGone(ILogger logger, ResourceType type);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "{Type}: list or watch failed {Failures} times in a row: {Reason}")]
    private static partial void LogBroken(ILogger logger, ResourceType type, int failures, string reason);
}
