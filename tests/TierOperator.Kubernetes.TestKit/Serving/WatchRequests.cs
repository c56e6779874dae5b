using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using TierOperator.Kubernetes.TestKit.Faults;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>Watches: the writes after a version, then each new one, bookmarks when nothing happens, an end when the time is over.</summary>
internal sealed class WatchRequests(ClusterState state, FaultPlan faults, TimeSpan bookmarkEvery)
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public async Task WatchAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var version = context.Request.Query["resourceVersion"].ToString() is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : state.Version;
        if (state.Read(_ => table.EventsAfter(version)) is null) throw ApiProblemException.Gone();
        var (cut, end) = faults.WatchTokens();
        var seconds = int.TryParse(context.Request.Query["timeoutSeconds"], out var given) ? given : 1800;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cut, end, context.RequestAborted);
        over.CancelAfter(TimeSpan.FromSeconds(seconds));
        context.Response.ContentType = "application/json";
        await context.Response.Body.FlushAsync();
        Interlocked.Increment(ref _open);
        try
        {
            await SendAsync(context, table, path, version, over.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }

        await EndAsync(context, cut, end);
    }

    private async Task SendAsync(HttpContext context, ResourceTable table, ApiPath path, long version, CancellationToken over)
    {
        var (selectors, metadataOnly) = (ReadRequests.SelectorsOf(context), ReadRequests.WantsMetadata(context));
        while (!over.IsCancellationRequested)
        {
            var written = state.NextWrite;
            var (events, current) = state.Read(now => (table.EventsAfter(version), now));
            if (events is null)
            {
                await WriteErrorAsync(context, ApiProblemException.Gone());
                return;
            }

            foreach (var happened in events)
            {
                if (faults.AreWatchesFrozen) break;
                await WriteAsync(context, path, happened, selectors, metadataOnly);
                version = happened.Version;
            }

            if (events.Count > 0 && !faults.AreWatchesFrozen) await context.Response.Body.FlushAsync(CancellationToken.None);
            var isQuiet = await Task.WhenAny(written, Task.Delay(bookmarkEvery, over)) != written;
            if (!isQuiet || over.IsCancellationRequested || faults.AreWatchesFrozen || events.Count > 0) continue;
            version = current;
            await WriteBookmarkAsync(context, table, version);
        }
    }

    private async Task EndAsync(HttpContext context, CancellationToken cut, CancellationToken end)
    {
        while (faults.AreWatchesFrozen && !context.RequestAborted.IsCancellationRequested)
            await Task.Delay(20, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cut.IsCancellationRequested) context.Abort();
        else if (end.IsCancellationRequested && faults.LastWords is { } words) await context.Response.WriteAsync(words);
    }

    /// <summary>An object that leaves or enters the selection is deleted or added for this watch.</summary>
    private static async Task WriteAsync(HttpContext context, ApiPath path, StoredEvent happened, Selectors selectors, bool metadataOnly)
    {
        if (path.Namespace.Length > 0 && happened.After.Key.Namespace != path.Namespace) return;
        var was = happened.Before is not null && selectors.Match(happened.Before.Body);
        var isThere = !happened.IsDeletion && selectors.Match(happened.After.Body);
        if (!was && !isThere) return;
        var kind = !was ? "ADDED" : isThere ? "MODIFIED" : "DELETED";
        await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes($"{{\"type\":\"{kind}\",\"object\":"));
        await context.Response.Body.WriteAsync(happened.After.Utf8(metadataOnly));
        await context.Response.Body.WriteAsync("}\n"u8.ToArray());
    }

    private static async Task WriteBookmarkAsync(HttpContext context, ResourceTable table, long version)
    {
        var bookmark = new JsonObject
        {
            ["type"] = "BOOKMARK",
            ["object"] = new JsonObject { ["kind"] = table.Type.Kind, ["apiVersion"] = table.Type.ApiVersion, ["metadata"] = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) } },
        };
        await context.Response.WriteAsync(bookmark.ToJsonString() + "\n");
        await context.Response.Body.FlushAsync();
    }

    private static Task WriteErrorAsync(HttpContext context, ApiProblemException problem) =>
        context.Response.WriteAsync(new JsonObject { ["type"] = "ERROR", ["object"] = problem.ToStatus() }.ToJsonString() + "\n");
}
