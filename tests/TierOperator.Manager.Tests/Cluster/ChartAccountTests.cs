using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Cluster;

/// <summary>What the account of the chart may do, asked of a real API server: what the operator does, and no more.</summary>
[Trait("Category", "Cluster")]
[Trait("Category", "EndToEnd")]
[Collection(nameof(SharedCluster))]
public sealed class ChartAccountTests : IAsyncLifetime
{
    private static readonly ResourceType s_reviews = new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false);
    private ChartRelease? _release;
    private KubeClient _account = null!;

    public async ValueTask InitializeAsync()
    {
        _release = await ChartRelease.CreateAsync();
        await _release.InstallAsync();
        _account = new KubeClient(await _release.ConnectAsAccountAsync(CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        if (_release is null) return;
        _account?.Dispose();
        await _release.DisposeAsync();
    }

    [Fact]
    public async Task Account_WhatTheOperatorDoes_IsAllowed()
    {
        var own = _release!.Name;
        var refused = new List<string>();
        foreach (var type in ManagerHost.Kinds)
            foreach (var verb in (string[])["list", "watch", "get", "create", "patch"])
                await AskAsync(refused, verb, type.Group, type.Plural, "shop");
        foreach (var (verb, group, resource, name) in Needed(own))
            await AskAsync(refused, verb, group, resource, resource.StartsWith("lease", StringComparison.Ordinal) || name == $"{own}-certificates" ? own : "shop", name);

        Assert.Equal([], refused);
    }

    [Fact]
    public async Task Account_WhatTheOperatorNeverDoes_IsRefused()
    {
        (string Verb, string Group, string Resource, string? Name)[] never =
        [
            ("list", "", "nodes", null), ("get", "", "serviceaccounts", null), ("create", "", "serviceaccounts/token", null),
            ("create", "", "pods", null), ("delete", "", "pods", null), ("create", "", "pods/exec", null), ("get", "", "pods/log", null),
            ("delete", "", "namespaces", null), ("patch", "", "namespaces", null), ("create", "apps", "deployments", null),
            ("delete", "tieroperator.io", "tierpolicies", null), ("create", "tieroperator.io", "tierpolicies", null),
            ("update", "coordination.k8s.io", "leases", null), ("create", "rbac.authorization.k8s.io", "clusterroles", null),
            ("escalate", "rbac.authorization.k8s.io", "clusterroles", null), ("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", null),
            ("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "another"), ("delete", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", _release!.Name),
            ("patch", "apiextensions.k8s.io", "customresourcedefinitions", null), ("*", "*", "*", null),
        ];
        var refused = new List<string>();

        foreach (var (verb, group, resource, name) in never) await AskAsync(refused, verb, group, resource, "shop", name);

        Assert.Equal(never.Length, refused.Count);
    }

    [Fact]
    public async Task Account_RealCalls_AreAnsweredAsTheReviewsSay()
    {
        var stop = TestContext.Current.CancellationToken;
        var map = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "chat-tier", ["namespace"] = _release!.Name } };

        Assert.NotNull(await _account.ApplyAsync(ResourceTypes.ConfigMaps, map, new ApplyOptions("tier-operator"), stop));
        Assert.NotNull(await _account.GetAsync(ResourceTypes.MutatingWebhooks, ObjectKey.OfCluster(_release.Name), stop));
        await RefusedAsync(_account.ListPageAsync(MetadataObject.View(ResourceTypes.Nodes), ListScope.Everything, null, stop));
        await RefusedAsync(_account.DeleteAsync(PolicyCatalog.Type, new ObjectKey(_release.Name, "any"), new DeleteOptions(), stop));
        await RefusedAsync(_account.GetAsync(ResourceTypes.MutatingWebhooks, ObjectKey.OfCluster("another"), stop));
    }

    private static IEnumerable<(string Verb, string Group, string Resource, string? Name)> Needed(string own) =>
    [
        ("list", "tieroperator.io", "tierpolicies", null), ("watch", "tieroperator.io", "tierpolicies", null), ("patch", "tieroperator.io", "tierpolicies", null),
        ("patch", "tieroperator.io", "tierpolicies/status", null), ("update", "tieroperator.io", "tierpolicies/finalizers", null),
        ("list", "", "pods", null), ("watch", "", "pods", null), ("create", "", "pods/eviction", null), ("watch", "", "namespaces", null),
        ("delete", "apps", "statefulsets", null), ("delete", "", "persistentvolumeclaims", null), ("delete", "", "secrets", null),
        ("create", "events.k8s.io", "events", null), ("patch", "events.k8s.io", "events", null),
        ("create", "coordination.k8s.io", "leases", null), ("update", "coordination.k8s.io", "leases", null), ("update", "", "secrets", $"{own}-certificates"),
        ("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", own), ("patch", "admissionregistration.k8s.io", "validatingwebhookconfigurations", own),
    ];

    private async Task AskAsync(List<string> refused, string verb, string group, string resource, string @namespace, string? name = null)
    {
        var (kind, part) = resource.Split('/') is [var of, var sub] ? (of, sub) : (resource, "");
        var review = await _account.CreateAsync(s_reviews, new JsonObject
        {
            ["apiVersion"] = s_reviews.ApiVersion,
            ["kind"] = s_reviews.Kind,
            ["spec"] = new JsonObject
            {
                ["resourceAttributes"] = new JsonObject { ["verb"] = verb, ["group"] = group, ["resource"] = kind, ["subresource"] = part, ["namespace"] = @namespace, ["name"] = name ?? "" },
            },
        }, TestContext.Current.CancellationToken);
        if (!review["status"]!["allowed"]!.GetValue<bool>()) refused.Add($"{verb} {group}/{resource} {name}");
    }

    private static async Task RefusedAsync(Task request) => Assert.True((await Assert.ThrowsAsync<KubeApiException>(() => request)).IsForbidden);
}
