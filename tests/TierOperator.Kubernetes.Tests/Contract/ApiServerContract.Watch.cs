using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Contract;

public abstract partial class ApiServerContract
{
    [Fact]
    public async Task List_InPages_HasOneVersion()
    {
        foreach (var name in new[] { "a", "b", "c" }) await CreateAsync(name);

        var first = await Client.ListPageAsync(Kept.ConfigMaps, Own, null, default);
        await CreateAsync("d");
        var second = await Client.ListPageAsync(Kept.ConfigMaps, Own, first.Continue, default);

        Assert.Equal(["a", "b"], first.Items.Select(item => item.Metadata.Name));
        Assert.Equal(["c"], second.Items.Select(item => item.Metadata.Name));
        Assert.Equal(first.ResourceVersion, second.ResourceVersion);
    }

    [Fact]
    public async Task Watch_FromAListsVersion_TellsWhatCameAfter()
    {
        await CreateAsync("a");
        var list = await Client.ListPageAsync(Kept.ConfigMaps, Own, null, default);

        await CreateAsync("b");
        await Client.DeleteAsync(ResourceTypes.ConfigMaps, Key("a"), new DeleteOptions(), default);

        Assert.Equal(["Added b", "Deleted a"], await WatchAsync(Own, list.ResourceVersion, 2));
    }

    [Fact]
    public async Task Watch_DeletionEvent_MovesTheVersion()
    {
        await CreateAsync("a");
        var list = await Client.ListPageAsync(Kept.ConfigMaps, Own, null, default);
        await Client.DeleteAsync(ResourceTypes.ConfigMaps, Key("a"), new DeleteOptions(), default);

        var deleted = await FirstAsync(Own, list.ResourceVersion);
        await CreateAsync("b");

        Assert.NotEqual(list.ResourceVersion, deleted.ResourceVersion);
        Assert.Equal("b", (await FirstAsync(Own, deleted.ResourceVersion)).Item!.Metadata.Name);
    }

    [Fact]
    public async Task Watch_ObjectLeavesTheSelection_IsDeletedThere()
    {
        var selected = Own with { LabelSelector = "app in (x,y),!hidden" };
        var list = await Client.ListPageAsync(Kept.ConfigMaps, selected, null, default);
        var labelled = Map("a");
        labelled["metadata"]!["labels"] = new JsonObject { ["app"] = "x" };
        await Client.CreateAsync(ResourceTypes.ConfigMaps, labelled, default);

        await Client.PatchAsync(ResourceTypes.ConfigMaps, Key("a"), [new JsonObject { ["op"] = "add", ["path"] = "/metadata/labels/hidden", ["value"] = "1" }], default);

        Assert.Equal(["Added a", "Deleted a"], await WatchAsync(selected, list.ResourceVersion, 2));
    }

    [Fact]
    public async Task Watch_TimeIsOver_EndsWithoutAFault()
    {
        var list = await Client.ListPageAsync(Kept.ConfigMaps, Own, null, default);
        using var brief = new KubeClient(
            await ConnectAsync(), new KubeClientOptions { LeastWatchTime = TimeSpan.FromSeconds(1), GreatestWatchTime = TimeSpan.FromSeconds(1) });

        var events = 0;
        await foreach (var happened in brief.WatchAsync(Kept.ConfigMaps, Own, list.ResourceVersion, default))
            if (happened.Kind != WatchEventKind.Bookmark) events++;

        Assert.Equal(0, events);
    }

    [Fact]
    public async Task List_MetadataOnly_HasNothingElse()
    {
        var view = new ResourceView<Kept>(ResourceTypes.ConfigMaps, Kept.ConfigMaps.Read, IsMetadataOnly: true);
        await CreateAsync("a");

        var list = await Client.ListPageAsync(view, Own, null, default);
        await CreateAsync("b");
        var watched = await Client.WatchAsync(view, Own, list.ResourceVersion, default).FirstAsync(happened => happened.Kind == WatchEventKind.Added);

        Assert.Equal(("a", null), (list.Items.Single(item => item.Metadata.Name == "a").Metadata.Name, list.Items[0].Value));
        Assert.Equal(("b", null), (watched.Item!.Metadata.Name, watched.Item.Value));
    }

    private ListScope Own => new(Namespace, FieldSelector: "metadata.name!=kube-root-ca.crt");

    private async Task<List<string>> WatchAsync(ListScope scope, string version, int count)
    {
        var seen = new List<string>();
        await foreach (var happened in Client.WatchAsync(Kept.ConfigMaps, scope, version, default))
        {
            if (happened.Kind != WatchEventKind.Bookmark) seen.Add($"{happened.Kind} {happened.Item!.Metadata.Name}");
            if (seen.Count == count) break;
        }

        return seen;
    }

    private async Task<WatchEvent<Kept>> FirstAsync(ListScope scope, string version) =>
        await Client.WatchAsync(Kept.ConfigMaps, scope, version, default).FirstAsync(happened => happened.Kind != WatchEventKind.Bookmark);
}
