using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Client;

/// <summary>Reads what the API server answers.</summary>
internal static class JsonBodies
{
    public static async Task<JsonObject> ReadObjectAsync(Stream body, CancellationToken cancellationToken) =>
        await JsonNode.ParseAsync(body, cancellationToken: cancellationToken) as JsonObject
        ?? throw new JsonException("the answer is no object");

    public static async Task<bool> SkipAsync(Stream body, CancellationToken cancellationToken)
    {
        await body.CopyToAsync(Stream.Null, cancellationToken);
        return true;
    }

    public static async Task<T> ReadAsync<T>(Stream body, ResourceView<T> view, CancellationToken cancellationToken)
        where T : IKubeObject
    {
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        return view.Read(document.RootElement);
    }

    public static async Task<ListPage<T>> ReadPageAsync<T>(Stream body, ResourceView<T> view, CancellationToken cancellationToken)
        where T : IKubeObject
    {
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        var metadata = JsonFields.Object(document.RootElement, "metadata");
        var version = JsonFields.Text(metadata, "resourceVersion") ?? throw new JsonException("the list has no resourceVersion");
        var next = JsonFields.Text(metadata, "continue");
        var items = JsonFields.List(document.RootElement, "items").Select(view.Read).ToList();
        return new ListPage<T>(items, version, string.IsNullOrEmpty(next) ? null : next);
    }
}
