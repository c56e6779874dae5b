using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Metrics;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Events;

/// <summary>
/// Writes Events in the background. What repeats is counted in one Event, written at most once a minute. The queue is
/// bounded: when the server is slow, Events are dropped and counted, because nothing may wait for them. Thread-safe.
/// </summary>
public sealed partial class EventRecorder
{
    private const int MostQueued = 1000;
    private readonly KubeClient _client;
    private readonly string _controller;
    private readonly string _instance;
    private readonly ILogger _logger;
    private readonly Channel<KubeEvent> _queue = Channel.CreateBounded<KubeEvent>(MostQueued);
    private readonly EventSeries _series;

    /// <param name="client">Whom to write to.</param>
    /// <param name="controller">Who reports, as <c>domain/name</c>.</param>
    /// <param name="instance">Which instance of it: the pod's name.</param>
    /// <param name="logger">Where failures to write are told.</param>
    public EventRecorder(KubeClient client, string controller, string instance, ILogger logger)
    {
        (_client, _controller, _instance, _logger) = (client, controller, instance, logger);
        _series = new EventSeries(client.Time);
    }

    /// <summary>How many are not written yet.</summary>
    internal int Waiting => _queue.Reader.Count;

    /// <summary>Never waits and never throws.</summary>
    public void Record(KubeEvent happened)
    {
        if (!_queue.Writer.TryWrite(happened)) KubernetesMeter.EventDropped();
    }

    /// <summary>Writes until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WriteAsync(await _queue.Reader.ReadAsync(cancellationToken), cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubeApiException error)
            {
                KubernetesMeter.EventDropped();
                LogDropped(_logger, error.Message);
            }
        }
    }

    private async Task WriteAsync(KubeEvent happened, CancellationToken cancellationToken)
    {
        var place = _series.Place(happened);
        if (place.Count == 1)
        {
            await _client.CreateAsync(ResourceTypes.Events, NewEvent(happened, place), cancellationToken);
            return;
        }

        if (!place.IsDue) return;
        var series = new JsonObject { ["count"] = place.Count, ["lastObservedTime"] = MicroTime.Format(_client.Time.GetUtcNow()) };
        var operations = new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/series", ["value"] = series });
        await _client.PatchAsync(ResourceTypes.Events, new ObjectKey(NamespaceOf(happened), place.Name), operations, cancellationToken);
    }

    private JsonObject NewEvent(KubeEvent happened, SeriesPlace place) => new()
    {
        ["apiVersion"] = ResourceTypes.Events.ApiVersion,
        ["kind"] = ResourceTypes.Events.Kind,
        ["metadata"] = new JsonObject { ["name"] = place.Name, ["namespace"] = NamespaceOf(happened) },
        ["eventTime"] = MicroTime.Format(_client.Time.GetUtcNow()),
        ["reportingController"] = _controller,
        ["reportingInstance"] = Cut(_instance, 128),
        ["action"] = Cut(happened.Action, 128),
        ["reason"] = Cut(happened.Reason, 128),
        ["type"] = happened.Kind.ToString(),
        ["note"] = Cut(happened.Message, 1024),
        ["regarding"] = new JsonObject
        {
            ["apiVersion"] = happened.Type.ApiVersion, ["kind"] = happened.Type.Kind, ["namespace"] = happened.Regarding.Namespace,
            ["name"] = happened.Regarding.Name, ["uid"] = happened.Regarding.Uid, ["resourceVersion"] = happened.Regarding.ResourceVersion,
        },
    };

    /// <summary>Events about objects of the whole cluster stand in <c>default</c>, as Kubernetes' own do.</summary>
    private static string NamespaceOf(KubeEvent happened) => happened.Regarding.Namespace.Length > 0 ? happened.Regarding.Namespace : "default";

    /// <summary>The server counts bytes, and refuses the whole Event for one too many.</summary>
    private static string Cut(string text, int mostBytes)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) <= mostBytes) return text;
        var (kept, bytes) = (0, System.Text.Encoding.UTF8.GetByteCount("…"));
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > mostBytes) break;
            kept += rune.Utf16SequenceLength;
        }

        return text[..kept] + "…";
    }

    [LoggerMessage(EventId = 3030, Level = LogLevel.Warning, Message = "An Event could not be written: {Reason}")]
    private static partial void LogDropped(ILogger logger, string reason);
}
