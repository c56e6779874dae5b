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
/// 2. at most 160 a second together, 32 at a time, so that 10,000 pods are asked within about a minute and never faster;
/// 3. a report that tells something wakes the pod's policy.
/// One loop; the reports are read by anybody.
/// </summary>
internal sealed partial class SidecarPoller : IDisposable
{
    private const int MostAtOnce = 32;
    private const int MostPerSecond = 160;
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_rolloutBeat = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, SidecarReport> _reports = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectKey, bool> _rollouts = new();
    private readonly Dictionary<string, long> _askedAt = new(StringComparer.Ordinal);
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
            if (change.Kind == ChangeKind.Deleted) _reports.TryRemove(change.Current.Metadata.Uid, out _);
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
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) await AskDueAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    public void Dispose() => _http.Dispose();

    private Task AskDueAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetTimestamp();
        var due = new List<(PodRecord Pod, TimeSpan Waited)>();
        var alive = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pod in _pods.All)
        {
            if (pod is not { HasSidecar: true, IsRunning: true, Ip: not null, Policy: not null }) continue;
            alive.Add(pod.Metadata.Uid);
            var waited = _askedAt.TryGetValue(pod.Metadata.Uid, out var at) ? _time.GetElapsedTime(at, now) : TimeSpan.MaxValue;
            if (waited >= (_rollouts.ContainsKey(new ObjectKey(pod.Metadata.Namespace, pod.Policy)) ? s_rolloutBeat : s_beat)) due.Add((pod, waited));
        }

        if (_askedAt.Count > alive.Count)
            foreach (var gone in _askedAt.Keys.Where(uid => !alive.Contains(uid)).ToList()) _askedAt.Remove(gone);
        var chosen = due.OrderByDescending(entry => entry.Waited).Take(MostPerSecond).Select(entry => entry.Pod).ToList();
        foreach (var pod in chosen) _askedAt[pod.Metadata.Uid] = now;
        var options = new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(chosen, options, async (pod, token) => await AskAsync(pod, token));
    }

    private async Task AskAsync(PodRecord pod, CancellationToken cancellationToken)
    {
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
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Debug, Message = "The sidecar of {Pod} does not answer: {Reason}")]
    private static partial void LogSilent(ILogger logger, ObjectKey pod, string reason);
}
