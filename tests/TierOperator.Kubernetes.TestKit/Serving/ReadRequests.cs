using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>GET of one object, and lists in pages.</summary>
internal sealed class ReadRequests(ClusterState state)
{
    public async Task GetAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var item = state.Read(_ => table.Find(path.Key)) ?? throw ApiProblemException.NotFound($"{table.Type} \"{path.Name}\"");
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(item.Utf8(WantsMetadata(context)));
    }

    public async Task ListAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var (items, version, next) = state.Read(current => TakePage(context, table, path, current));
        var head = $$"""{"kind":"{{table.Type.Kind}}List","apiVersion":"{{table.Type.ApiVersion}}","metadata":{"resourceVersion":"{{version}}","continue":"{{next}}"},"items":[""";
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        body.Write(Encoding.UTF8.GetBytes(head));
        var metadataOnly = WantsMetadata(context);
        for (var place = 0; place < items.Count; place++)
        {
            if (place > 0) body.Write(","u8);
            body.Write(items[place].Utf8(metadataOnly));
        }

        body.Write("]}"u8);
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(body.WrittenMemory);
    }

    public static bool WantsMetadata(HttpContext context) => context.Request.Headers.Accept.ToString().Contains("as=PartialObjectMetadata", StringComparison.Ordinal);

    public static Selectors SelectorsOf(HttpContext context) => new(context.Request.Query["labelSelector"], context.Request.Query["fieldSelector"]);

    private static (IReadOnlyList<StoredObject> Items, string Version, string Next) TakePage(HttpContext context, ResourceTable table, ApiPath path, long current)
    {
        var token = context.Request.Query["continue"].ToString();
        var limit = int.TryParse(context.Request.Query["limit"], out var given) && given > 0 ? given : int.MaxValue;
        var selectors = SelectorsOf(context);
        var items = token.Length > 0
            ? table.TakeRest(token) ?? throw ApiProblemException.Gone()
            : [.. table.All.Where(item => path.Namespace.Length == 0 || item.Key.Namespace == path.Namespace).Where(item => selectors.Match(item.Body))];
        var version = token.Length > 0 ? long.Parse(token[(token.LastIndexOf('.') + 1)..], CultureInfo.InvariantCulture) : current;
        var page = items.Count > limit ? [.. items.Take(limit)] : items;
        var next = items.Count > limit ? table.KeepRest([.. items.Skip(limit)], version) : "";
        return (page, version.ToString(CultureInfo.InvariantCulture), next);
    }
}
