using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;

namespace TierOperator.Kubernetes.Contract;

/// <summary>What the runtime counts on of an API server. The same tests run on the fake and on a real one, so that the fake cannot drift.</summary>
public abstract partial class ApiServerContract : IAsyncLifetime
{
    private readonly string _namespace = "t" + Guid.NewGuid().ToString("n")[..10];

    private protected KubeClient Client { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Client = new KubeClient(await ConnectAsync(), new KubeClientOptions { PageSize = 2 });
        await Client.CreateAsync(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = _namespace } }, default);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Client is null) return;
        await Client.DeleteAsync(ResourceTypes.Namespaces, ObjectKey.OfCluster(_namespace), new DeleteOptions(), default);
        Client.Dispose();
    }

    [Fact]
    public async Task Create_NameTaken_IsAConflict()
    {
        await CreateAsync("a");

        var error = await Assert.ThrowsAsync<KubeApiException>(() => CreateAsync("a"));

        Assert.Equal((409, "AlreadyExists"), ((int)error.Status!, error.Fault.Reason));
    }

    [Fact]
    public async Task Create_BadName_IsInvalid()
    {
        var error = await Assert.ThrowsAsync<KubeApiException>(() => CreateAsync("Not_A_Name"));

        Assert.Equal(422, (int)error.Status!);
    }

    [Fact]
    public async Task Create_NamespaceMissing_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<KubeApiException>(() =>
            Client.CreateAsync(ResourceTypes.ConfigMaps, Samples.ConfigMap("a", "1", "no-such-namespace"), default));

        Assert.True(error.IsNotFound);
    }

    [Fact]
    public async Task Replace_StaleVersion_IsAConflict()
    {
        var stale = await CreateAsync("a");
        var fresh = (JsonObject)stale.DeepClone();
        fresh["data"]!["value"] = "2";
        await Client.ReplaceAsync(ResourceTypes.ConfigMaps, Key("a"), fresh, default);

        var error = await Assert.ThrowsAsync<KubeApiException>(() => Client.ReplaceAsync(ResourceTypes.ConfigMaps, Key("a"), stale, default));

        Assert.Equal((409, "Conflict"), ((int)error.Status!, error.Fault.Reason));
    }

    [Fact]
    public async Task Replace_NothingChanges_MakesNoVersion()
    {
        var made = await CreateAsync("a");

        var same = await Client.ReplaceAsync(ResourceTypes.ConfigMaps, Key("a"), (JsonObject)made.DeepClone(), default);

        Assert.Equal(VersionOf(made), VersionOf(same));
    }

    [Fact]
    public async Task Patch_TestFails_IsInvalidAndChangesNothing()
    {
        var made = await CreateAsync("a");

        var error = await Assert.ThrowsAsync<KubeApiException>(() => Client.PatchAsync(
            ResourceTypes.ConfigMaps, Key("a"),
            [
                new JsonObject { ["op"] = "test", ["path"] = "/data/value", ["value"] = "other" },
                new JsonObject { ["op"] = "replace", ["path"] = "/data/value", ["value"] = "2" },
            ],
            default));

        Assert.Equal(422, (int)error.Status!);
        Assert.Equal(VersionOf(made), VersionOf((await Client.GetAsync(ResourceTypes.ConfigMaps, Key("a"), default))!));
    }

    [Fact]
    public async Task Delete_OtherUid_IsAConflict()
    {
        await CreateAsync("a");

        var error = await Assert.ThrowsAsync<KubeApiException>(() =>
            Client.DeleteAsync(ResourceTypes.ConfigMaps, Key("a"), new DeleteOptions(Uid: Guid.NewGuid().ToString()), default));

        Assert.True(error.IsConflict);
    }

    [Fact]
    public async Task Delete_FinalizerHolds_ObjectStaysUntilItIsTakenOff()
    {
        var body = Map("a");
        body["metadata"]!["finalizers"] = new JsonArray("test.io/one");
        await Client.CreateAsync(ResourceTypes.ConfigMaps, body, default);

        await Client.DeleteAsync(ResourceTypes.ConfigMaps, Key("a"), new DeleteOptions(), default);
        var held = await Client.GetAsync(ResourceTypes.ConfigMaps, Key("a"), default);
        await Client.PatchAsync(ResourceTypes.ConfigMaps, Key("a"), [new JsonObject { ["op"] = "remove", ["path"] = "/metadata/finalizers/0" }], default);

        Assert.NotNull(held!["metadata"]!["deletionTimestamp"]);
        Assert.Null(await Client.GetAsync(ResourceTypes.ConfigMaps, Key("a"), default));
    }

    [Fact]
    public async Task Lease_SevenDigits_IsRefused()
    {
        var lease = new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1", ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = "l", ["namespace"] = _namespace },
            ["spec"] = new JsonObject { ["renewTime"] = "2026-01-01T00:00:00.1234567Z" },
        };

        var error = await Assert.ThrowsAsync<KubeApiException>(() => Client.CreateAsync(ResourceTypes.Leases, lease, default));

        Assert.Equal(400, (int)error.Status!);
    }

    [Fact]
    public async Task Discovery_VersionAndKinds_AreTold()
    {
        var version = await Client.GetPathAsync("version", default);
        var kinds = await Client.GetPathAsync("apis/policy/v1", default);

        Assert.Equal("1", version["major"]!.GetValue<string>());
        Assert.Contains("poddisruptionbudgets", kinds["resources"]!.AsArray().Select(kind => kind!["name"]!.GetValue<string>()));
        var error = await Assert.ThrowsAsync<KubeApiException>(() => Client.GetPathAsync("apis/no-such-group.io/v1", default));
        Assert.True(error.IsNotFound);
    }

    [Fact]
    public async Task Evict_Pod_IsGone()
    {
        await Client.CreateAsync(ResourceTypes.Pods, Samples.Pod("a", null, _namespace), default);
        var eviction = new JsonObject
        {
            ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = "a", ["namespace"] = _namespace },
        };

        await Client.CreateAsync(ResourceTypes.Pods, Key("a"), "eviction", eviction, default);

        Assert.Null(await Client.GetAsync(ResourceTypes.Pods, Key("a"), default));
    }

    private protected abstract Task<ClusterConnection> ConnectAsync();

    private protected string Namespace => _namespace;

    private protected ObjectKey Key(string name) => new(_namespace, name);

    private protected JsonObject Map(string name, string value = "1") => Samples.ConfigMap(name, value, _namespace);

    private protected Task<JsonObject> CreateAsync(string name) => Client.CreateAsync(ResourceTypes.ConfigMaps, Map(name), default);

    private protected static string VersionOf(JsonObject body) => body["metadata"]!["resourceVersion"]!.GetValue<string>();
}
