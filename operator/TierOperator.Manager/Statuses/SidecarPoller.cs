using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Pods;

namespace TierOperator.Manager.Statuses;

/// <summary>
/// Asks the sidecars for their status:
/// 1. every pod on its own beat, 30 s apart, or 2 s while a rollout waits for it;
/// 2. at most 160 a second together, so that 10,000 pods are asked within about a minute and never faster; sixteen every
///    tenth of a second, because all at once would be in the way of admissions on the same processors;
/// 3. a report that tells something wakes the pod's policy.
/// One loop; the reports are read by anybody.
/// </summary>
internal sealed partial class SidecarPoller : IDisposable
{
    private const int MostPerTick = 16;

    // Sidecars that do not answer hold their tick for the whole timeout.
    private const int MostTicksAtOnce = 2;
    private const int TicksPerSecond = 10;
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_rolloutBeat = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, SidecarReport> _reports = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectKey, bool> _rollouts = new();
    private readonly ConcurrentDictionary<string, long> _askedAt = new(StringComparer.Ordinal);
    private readonly ObjectStore<PodRecord> _pods;
    private readonly Action<ObjectKey> _wake;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly HttpClient _http;

    [SuppressMessage("Reliability", "CA2000", Justification = "The handler belongs to the client, which disposes it.")]
    public SidecarPoller(Informer<PodRecord> pods, Action<ObjectKey> wake, TimeProvider time, ILogger log)
    {
        (_pods, _wake, _time, _log) = (pods.Store, wake, time, log);
        // Each pod is another host, asked half a minute apart: connections that are kept would be thousands, and never be used again.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero, PooledConnectionIdleTimeout = TimeSpan.Zero })
        {
            Timeout = s_timeout, MaxResponseContentBufferSize = MostBytes,
        };
        pods.Subscribe(change =>
        {
            if (change.Kind != ChangeKind.Deleted) return;
            _reports.TryRemove(change.Current.Metadata.Uid, out _);
            _askedAt.TryRemove(change.Current.Metadata.Uid, out _);
        });
    }

    public SidecarReport? ReportOf(string podUid) => _reports.GetValueOrDefault(podUid);

    /// <summary>While a rollout waits for its pods, they are asked more often.</summary>
    public void SetRollout(ObjectKey policy, bool isUnderWay)
    {
        if (isUnderWay) _rollouts[policy] = true;
        else _rollouts.TryRemove(policy, out _);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) / TicksPerSecond, _time);
        var due = new Queue<PodRecord>();
        var asked = new List<Task>();
        try
        {
            for (var tick = 0; await timer.WaitForNextTickAsync(cancellationToken); tick++)
            {
                if (tick % TicksPerSecond == 0) due = Due();
                asked.RemoveAll(task => task.IsCompletedSuccessfully);
                if (asked.Count >= MostTicksAtOnce) await Task.WhenAny(asked);
                if (due.Count > 0) asked.Add(AskAsync(due, cancellationToken));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }

        await Task.WhenAll(asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _http.Dispose();

    // Whoever has waited the longest, as many as a second takes. A list of all that are due would be thousands, each second.
    private Queue<PodRecord> Due()
    {
        var now = _time.GetTimestamp();
        var longest = new PriorityQueue<PodRecord, TimeSpan>();
        foreach (var pod in _pods.All)
        {
            if (pod is not { HasSidecar: true, IsRunning: true, Ip: not null, Policy: not null }) continue;
            var waited = _askedAt.TryGetValue(pod.Metadata.Uid, out var at) ? _time.GetElapsedTime(at, now) : TimeSpan.MaxValue;
            if (waited < (_rollouts.ContainsKey(new ObjectKey(pod.Metadata.Namespace, pod.Policy)) ? s_rolloutBeat : s_beat)) continue;
            if (longest.Count < MostPerTick * TicksPerSecond) longest.Enqueue(pod, waited);
            else longest.EnqueueDequeue(pod, waited);
        }

        return new Queue<PodRecord>(longest.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element));
    }

    private Task AskAsync(Queue<PodRecord> due, CancellationToken cancellationToken)
    {
        var asked = new List<Task>(MostPerTick);
        while (asked.Count < MostPerTick && due.TryDequeue(out var pod)) asked.Add(AskAsync(pod, cancellationToken));
        return Task.WhenAll(asked);
    }

    private async Task AskAsync(PodRecord pod, CancellationToken cancellationToken)
    {
        _askedAt[pod.Metadata.Uid] = _time.GetTimestamp();
        try
        {
            var host = pod.Ip!.Contains(':', StringComparison.Ordinal) ? $"[{pod.Ip}]" : pod.Ip;
            using var status = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri($"http://{host}:{pod.AdminPort}/status"), cancellationToken));
            var report = SidecarReport.Read(status.RootElement);
            var before = _reports.GetValueOrDefault(pod.Metadata.Uid);
            _reports[pod.Metadata.Uid] = report;
            if (report.Tells(before)) _wake(new ObjectKey(pod.Metadata.Namespace, pod.Policy!));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // A pod that starts, ends or is cut off does not answer: it keeps its last report, and a rollout waits for it.
            LogSilent(_log, pod.Metadata.Key, e.Message);
        }

        // A pod that went meanwhile has been forgotten already, and must stay so.
        if (_pods.Find(pod.Metadata.Key)?.Metadata.Uid == pod.Metadata.Uid) return;
        _reports.TryRemove(pod.Metadata.Uid, out _);
        _askedAt.TryRemove(pod.Metadata.Uid, out _);
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Debug, Message = "The sidecar of {Pod} does not answer: {Reason}")]
    private static partial void LogSilent(ILogger logger, ObjectKey pod, string reason);
}
