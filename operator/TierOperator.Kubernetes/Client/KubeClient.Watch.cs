using System.Runtime.CompilerServices;
using System.Text.Json;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Client;

public sealed partial class KubeClient
{
    /// <summary>
    /// The changes after a version. Ends when the server ends the stream. Throws <see cref="KubeApiException"/> when the
    /// stream breaks, says ERROR, or is still open some seconds after the server was to have ended it: such a connection is
    /// half open and would stay silent for ever. Only the caller's own cancellation comes out as such.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceView<T> view, ListScope scope, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubeObject
    {
        var life = DrawWatchTime();
        var request = WatchRequest(view, scope, resourceVersion, life);
        using var deadline = new CancellationTokenSource(life + _options.WatchGrace, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var response = await OpenWatchAsync(request, either.Token, cancellationToken);
        await using var lines = new WatchLines(await response.Content.ReadAsStreamAsync(either.Token), _options.MostEventBytes);
        while (await ReadEventAsync(lines, request, view, either.Token, cancellationToken) is { } next) yield return next;
    }

    private TimeSpan DrawWatchTime()
    {
        var spread = _options.GreatestWatchTime - _options.LeastWatchTime;
        return _options.LeastWatchTime + TimeSpan.FromSeconds(Math.Floor(spread.TotalSeconds * Random.Shared.NextDouble()));
    }

    private static ApiRequest WatchRequest<T>(ResourceView<T> view, ListScope scope, string resourceVersion, TimeSpan life) where T : IKubeObject
    {
        var query = new QueryText(view.Type.PathOf(scope.Namespace)).Add("watch", "true").Add(scope)
            .Add("resourceVersion", resourceVersion).Add("allowWatchBookmarks", "true")
            .Add("timeoutSeconds", Math.Max(1, (int)life.TotalSeconds).ToString());
        return new ApiRequest(HttpMethod.Get, query.ToString()) { Accept = AcceptOf(view, false) };
    }

    private async Task<HttpResponseMessage> OpenWatchAsync(ApiRequest request, CancellationToken either, CancellationToken callers)
    {
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(either);
        using var patience = new CancellationTokenSource(_options.RequestTimeout, Time);
        await using var link = patience.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), opening);
        try
        {
            return await _sender.SendAsync(request, opening.Token);
        }
        catch (Exception error) when (error is not KubeApiException && !callers.IsCancellationRequested)
        {
            throw RequestSender.Unreachable(request, error);
        }
    }

    private static async Task<WatchEvent<T>?> ReadEventAsync<T>(
        WatchLines lines, ApiRequest request, ResourceView<T> view, CancellationToken either, CancellationToken callers) where T : IKubeObject
    {
        try
        {
            using var line = await lines.NextAsync(either);
            return line is null ? null : ReadEvent(line.RootElement, request, view);
        }
        catch (Exception error) when (!callers.IsCancellationRequested && (error is OperationCanceledException || RequestSender.IsBroken(error)))
        {
            throw RequestSender.Unreachable(request, error);
        }
    }

    private static WatchEvent<T> ReadEvent<T>(JsonElement line, ApiRequest request, ResourceView<T> view) where T : IKubeObject
    {
        var body = JsonFields.Object(line, "object");
        var type = JsonFields.Text(line, "type");
        if (type == "ERROR")
        {
            var code = (System.Net.HttpStatusCode)(JsonFields.Number(body, "code") ?? 500);
            throw new KubeApiException(ApiFault.Read(request.ToString(), code, body));
        }

        var version = JsonFields.Text(JsonFields.Object(body, "metadata"), "resourceVersion") ?? throw new JsonException("an event has no resourceVersion");
        return type switch
        {
            "ADDED" => new WatchEvent<T>(WatchEventKind.Added, version, view.Read(body)),
            "MODIFIED" => new WatchEvent<T>(WatchEventKind.Modified, version, view.Read(body)),
            "DELETED" => new WatchEvent<T>(WatchEventKind.Deleted, version, view.Read(body)),
            "BOOKMARK" => new WatchEvent<T>(WatchEventKind.Bookmark, version, default),
            _ => throw new JsonException($"an event of the unknown type {type}"),
        };
    }
}
