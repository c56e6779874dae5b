using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Client;

/// <summary>
/// Speaks with one API server. One instance, with one HttpClient, lives as long as the program. Thread-safe.
/// What is refused throws <see cref="KubeApiException"/>; an object that is not there is no fault where it is asked for or deleted.
/// </summary>
public sealed partial class KubeClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly RequestSender _sender;
    private readonly KubeClientOptions _options;

    public KubeClient(ClusterConnection connection, KubeClientOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new KubeClientOptions();
        Time = time ?? TimeProvider.System;
        _http = ApiTransport.CreateHttpClient(connection, _options);
        _sender = new RequestSender(_http, connection.Credentials, _options, Time);
    }

    internal TimeProvider Time { get; }

    /// <summary>The object, or null if there is none.</summary>
    public Task<JsonObject?> GetAsync(ResourceType type, ObjectKey key, CancellationToken cancellationToken) =>
        NullIfAbsentAsync(_sender.SendAsync(new ApiRequest(HttpMethod.Get, type.PathOf(key)), JsonBodies.ReadObjectAsync, cancellationToken));

    /// <summary>What the view reads of the object, or null if there is none.</summary>
    public Task<T?> GetAsync<T>(ResourceView<T> view, ObjectKey key, CancellationToken cancellationToken) where T : class, IKubeObject =>
        NullIfAbsentAsync(_sender.SendAsync(
            new ApiRequest(HttpMethod.Get, view.Type.PathOf(key)) { Accept = AcceptOf(view, false) },
            (body, token) => JsonBodies.ReadAsync(body, view, token), cancellationToken));

    /// <summary>The raw text of a path that is no object: <c>version</c>, <c>apis/policy/v1</c>.</summary>
    public Task<JsonObject> GetPathAsync(string path, CancellationToken cancellationToken) =>
        _sender.SendAsync(new ApiRequest(HttpMethod.Get, path), JsonBodies.ReadObjectAsync, cancellationToken);

    /// <summary>One page of a list; the next one with the token that the page brought.</summary>
    public Task<ListPage<T>> ListPageAsync<T>(ResourceView<T> view, ListScope scope, string? continueToken, CancellationToken cancellationToken)
        where T : IKubeObject
    {
        var query = new QueryText(view.Type.PathOf(scope.Namespace)).Add(scope)
            .Add("limit", _options.PageSize.ToString()).Add("continue", continueToken);
        var request = new ApiRequest(HttpMethod.Get, query.ToString()) { Accept = AcceptOf(view, true) };
        return _sender.SendAsync(request, (body, token) => JsonBodies.ReadPageAsync(body, view, token), cancellationToken);
    }

    /// <summary>Makes an object as given. Fails with a conflict where it exists.</summary>
    public Task<JsonObject> CreateAsync(ResourceType type, JsonObject body, CancellationToken cancellationToken) =>
        CreateAsync(type, body, new WriteOptions(), cancellationToken);

    /// <inheritdoc cref="CreateAsync(ResourceType, JsonObject, CancellationToken)"/>
    public Task<JsonObject> CreateAsync(ResourceType type, JsonObject body, WriteOptions options, CancellationToken cancellationToken)
    {
        var query = new QueryText(type.PathOf(body["metadata"]?["namespace"]?.GetValue<string>()))
            .Add("dryRun", options.IsDryRun ? "All" : null).Add("fieldValidation", options.IsStrict ? "Strict" : null);
        return _sender.SendAsync(new ApiRequest(HttpMethod.Post, query.ToString()) { Body = body }, JsonBodies.ReadObjectAsync, cancellationToken);
    }

    /// <summary>Posts to a subresource: <c>eviction</c>, <c>token</c>.</summary>
    public Task<JsonObject> CreateAsync(ResourceType type, ObjectKey key, string subresource, JsonObject body, CancellationToken cancellationToken) =>
        _sender.SendAsync(new ApiRequest(HttpMethod.Post, type.PathOf(key, subresource)) { Body = body }, JsonBodies.ReadObjectAsync, cancellationToken);

    /// <summary>Replaces an object that was read; its resourceVersion makes a change by others a conflict.</summary>
    public Task<JsonObject> ReplaceAsync(ResourceType type, ObjectKey key, JsonObject body, CancellationToken cancellationToken) =>
        _sender.SendAsync(new ApiRequest(HttpMethod.Put, type.PathOf(key)) { Body = body }, JsonBodies.ReadObjectAsync, cancellationToken);

    /// <summary>Applies a JSON Patch (RFC 6902).</summary>
    public Task<JsonObject> PatchAsync(ResourceType type, ObjectKey key, JsonArray operations, CancellationToken cancellationToken) =>
        _sender.SendAsync(new ApiRequest(HttpMethod.Patch, type.PathOf(key)) { Body = operations, ContentType = "application/json-patch+json" },
            JsonBodies.ReadObjectAsync, cancellationToken);

    /// <summary>Deletes the object; false if there was none.</summary>
    public async Task<bool> DeleteAsync(ResourceType type, ObjectKey key, DeleteOptions options, CancellationToken cancellationToken)
    {
        var request = new ApiRequest(HttpMethod.Delete, type.PathOf(key)) { Body = options.ToJson() };
        try
        {
            return await _sender.SendAsync(request, JsonBodies.SkipAsync, cancellationToken);
        }
        catch (KubeApiException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<T?> NullIfAbsentAsync<T>(Task<T> request) where T : class
    {
        try
        {
            return await request;
        }
        catch (KubeApiException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    private static string AcceptOf<T>(ResourceView<T> view, bool list) where T : IKubeObject =>
        view.IsMetadataOnly ? $"application/json;as=PartialObjectMetadata{(list ? "List" : "")};g=meta.k8s.io;v=v1,application/json" : "application/json";
}
