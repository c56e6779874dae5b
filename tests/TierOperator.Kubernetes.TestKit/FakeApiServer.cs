using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Faults;
using TierOperator.Kubernetes.TestKit.Serving;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>
/// An API server of this process, spoken with over HTTP: objects, lists in pages, watches with bookmarks, server-side
/// apply by field ownership, finalizers, /status, and faults on demand. It has no controllers, no admission and no schema, and is
/// held against a real API server by the tests that run on both.
/// </summary>
public sealed partial class FakeApiServer : IAsyncDisposable
{
    private static readonly string[] NamespacesAtStart = ["default", "kube-system", "kube-public"];
    private readonly WebApplication _application;
    private readonly FakeApiServerOptions _options;
    private readonly ReadRequests _reads;
    private readonly WatchRequests _watches;
    private readonly WriteRequests _writes;
    private readonly DiscoveryRequests _discovery;
    private readonly ConcurrentQueue<ApiCall> _calls = new();

    private FakeApiServer(FakeApiServerOptions options)
    {
        _options = options;
        State = new ClusterState(TimeProvider.System);
        (_reads, _writes) = (new ReadRequests(State), new WriteRequests(State));
        _watches = new WatchRequests(State, Faults, options.BookmarkEvery);
        _discovery = new DiscoveryRequests(State, options.Version);
        foreach (var (type, hasStatus) in KnownKinds.All.Where(kind => !options.Without.Contains(kind.Type))) State.Register(type, hasStatus);
        foreach (var type in options.CustomResources) State.Register(type, true);
        foreach (var name in NamespacesAtStart) AddNamespace(name);
        _application = Build();
    }

    public ClusterState State { get; }

    public FaultPlan Faults { get; } = new();

    public Uri Address { get; private set; } = null!;

    /// <summary>A connection to this server as anybody.</summary>
    public ClusterConnection Connection => new(Address, new FixedCredentials("test"))
    {
        Authority = _options.Certificate is { } certificate ? CertificateAuthority.OfPem(certificate.ExportCertificatePem()) : null,
    };

    /// <summary>The requests so far, in order.</summary>
    public IReadOnlyList<ApiCall> Calls => [.. _calls];

    public int OpenWatches => _watches.Open;

    /// <summary>When set, requests with another token get 401.</summary>
    public string? AcceptedToken { get; set; }

    public static async Task<FakeApiServer> StartAsync(FakeApiServerOptions? options = null)
    {
        var server = new FakeApiServer(options ?? new FakeApiServerOptions());
        await server._application.StartAsync();
        var addresses = server._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = new Uri(addresses.Addresses.First() + "/");
        return server;
    }

    public void ForgetCalls() => _calls.Clear();

    public void AddNamespace(string name) => Put(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });

    /// <summary>Makes or replaces an object from behind, its status included, as another component would.</summary>
    public StoredObject Put(ResourceType type, JsonObject body)
    {
        var table = State.Table(type.Group, type.Version, type.Plural);
        var key = new ObjectKey(body["metadata"]!["namespace"]?.GetValue<string>() ?? "", body["metadata"]!["name"]!.GetValue<string>());
        var status = body["status"]?.DeepClone();
        if (State.Read(_ => table.Find(key)) is null) State.Create(table, (JsonObject)body.DeepClone(), FieldOwners.CreatedBy("test"), false);
        else State.Update(table, key, before => ((JsonObject)body.DeepClone(), before.Owners.AfterWrite("test", before.Body, body)), false, false);
        if (status is not null && table.HasStatus)
            State.Update(table, key, before => (WithStatus(before, status), before.Owners), true, false);
        return State.Read(_ => table.Find(key))!;
    }

    /// <summary>The object as it stands, to read only; null if there is none.</summary>
    public JsonObject? Find(ResourceType type, ObjectKey key) => State.Read(_ => State.Table(type.Group, type.Version, type.Plural).Find(key))?.Body;

    /// <summary>All objects of a kind as they stand, to read only.</summary>
    public IReadOnlyList<JsonObject> All(ResourceType type) =>
        State.Read(_ => State.Table(type.Group, type.Version, type.Plural).All.Select(item => item.Body).ToList());

    /// <summary>Deletes an object from behind; finalizers hold it.</summary>
    public bool Delete(ResourceType type, ObjectKey key) => State.Delete(State.Table(type.Group, type.Version, type.Plural), key, null) is not null;

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        Faults.CutWatches();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static JsonObject WithStatus(StoredObject before, JsonNode status)
    {
        var body = (JsonObject)before.Body.DeepClone();
        body["status"] = status;
        return body;
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = _options.StreamsPerConnection;
            kestrel.Listen(IPAddress.Loopback, _options.Port, listener =>
            {
                listener.Protocols = _options.Certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
                if (_options.Certificate is not null) listener.UseHttps(_options.Certificate);
            });
        });
        var application = builder.Build();
        application.Run(HandleAsync);
        return application;
    }
}
