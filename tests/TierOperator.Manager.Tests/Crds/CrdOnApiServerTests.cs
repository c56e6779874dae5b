using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Real;
using TierOperator.Manager.Tests.Cluster;
using TierOperator.Policy;

namespace TierOperator.Manager.Crds;

/// <summary>One set of good and bad documents: the validator and the schema on a real API server judge them alike.</summary>
[Trait("Category", "Cluster")]
[Collection(nameof(SharedCluster))]
public sealed class CrdOnApiServerTests : IAsyncLifetime
{
    private static readonly ResourceType Policies = new("tieroperator.io", "v1alpha1", "tierpolicies", "TierPolicy");
    private static readonly WriteOptions AsKubectl = new() { IsDryRun = true, IsStrict = true };

    // Besides texts that are no YAML mapping: what names no TierPolicy never leaves the client; empty values the server takes
    // out itself, and a status that a person writes.
    private static readonly string[] NeverJudged = ["wrong-identity", "missing-metadata", "missing-everything", "no-values", "too-deep"];

    private static readonly Lazy<Task> Installed = new(InstallAsync);
    private KubeClient _client = null!;

    public static TheoryData<string> Good => [.. PolicyDocuments.Names("good")];

    public static TheoryData<string> Bad => [.. PolicyDocuments.Names("bad")];

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RealCluster.SkipReason is not null, RealCluster.SkipReason ?? "");
        _client = new KubeClient(await RealCluster.ConnectAsync());
        await Installed.Value;
    }

    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory, MemberData(nameof(Good))]
    public async Task Apply_GoodDocument_IsTakenAndStaysGoodWithItsDefaults(string name)
    {
        var document = PolicyDocuments.Read("good", name)!;

        var taken = await _client.CreateAsync(Policies, Sendable(document), AsKubectl, default);

        Assert.Empty(PolicyLoader.Load(Encoding.UTF8.GetBytes(taken.ToJsonString())).Faults);
    }

    [Theory, MemberData(nameof(Bad))]
    public async Task Apply_BadDocument_IsRefused(string name)
    {
        if (NeverJudged.Contains(name) || PolicyDocuments.Read("bad", name) is not { } document) return;

        var error = await Assert.ThrowsAsync<KubeApiException>(() => _client.CreateAsync(Policies, Sendable(document), AsKubectl, default));

        Assert.True(error.IsInvalid, error.Message);
    }

    /// <summary>With what kubectl adds, and without what the API server writes itself.</summary>
    private static JsonObject Sendable(JsonObject document)
    {
        var metadata = (JsonObject)document["metadata"]!;
        document["metadata"] = new JsonObject { ["name"] = metadata["name"]?.DeepClone(), ["namespace"] = "default" };
        document.Remove("status");
        return document;
    }

    private static async Task InstallAsync()
    {
        using var client = new KubeClient(await RealCluster.ConnectAsync());
        await client.ApplyAsync(ResourceTypes.CustomResourceDefinitions, TierPolicyCrd.Create(), new ApplyOptions("tests"), default);
        await Eventually.HoldsAsync(() => IsServedAsync(client));
    }

    private static async Task<bool> IsServedAsync(KubeClient client)
    {
        try
        {
            await client.ListPageAsync(MetadataObject.View(Policies), ListScope.Everything, null, default);
            return true;
        }
        catch (KubeApiException error) when (error.IsNotFound)
        {
            return false;
        }
    }
}
