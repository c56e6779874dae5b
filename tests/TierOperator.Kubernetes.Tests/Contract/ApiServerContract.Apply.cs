using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Contract;

public abstract partial class ApiServerContract
{
    private static readonly ApplyOptions Ours = new("ours", Force: false);
    private static readonly ApplyOptions Theirs = new("theirs", Force: false);

    [Fact]
    public async Task Apply_FieldNoLongerApplied_IsRemoved()
    {
        var both = Map("a");
        both["data"]!["second"] = "2";
        await ApplyMapAsync(both, Ours);

        var after = await ApplyMapAsync(Map("a"), Ours);

        Assert.Equal("""{"value":"1"}""", after["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Apply_FieldOfAnother_StaysAsItIs()
    {
        await ApplyMapAsync(Map("a"), Ours);
        var other = Map("a");
        other["data"] = new JsonObject { ["theirs"] = "x" };

        await ApplyMapAsync(other, Theirs);
        var after = await ApplyMapAsync(Map("a"), Ours);

        Assert.Equal("x", after["data"]!["theirs"]!.GetValue<string>());
    }

    [Fact]
    public async Task Apply_AnotherOwnsTheField_IsAConflictThatNamesIt()
    {
        await ApplyMapAsync(Map("a", "1"), Theirs);

        var error = await Assert.ThrowsAsync<KubeApiException>(() => ApplyMapAsync(Map("a", "2"), Ours));

        Assert.True(error.IsConflict);
        var cause = Assert.Single(error.Fault.Causes);
        Assert.Equal(("FieldManagerConflict", ".data.value"), (cause.Reason, cause.Field));
        Assert.Contains("theirs", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_Forced_TakesTheFieldOver()
    {
        await ApplyMapAsync(Map("a", "1"), Theirs);

        await ApplyMapAsync(Map("a", "2"), Ours with { Force = true });

        var error = await Assert.ThrowsAsync<KubeApiException>(() => ApplyMapAsync(Map("a", "3"), Theirs));
        Assert.True(error.IsConflict);
    }

    [Fact]
    public async Task Apply_SameAgain_MakesNoVersion()
    {
        var first = await ApplyMapAsync(Map("a"), Ours);

        var second = await ApplyMapAsync(Map("a"), Ours);

        Assert.Equal(VersionOf(first), VersionOf(second));
    }

    [Fact]
    public async Task Apply_DryRun_ChangesNothing()
    {
        await ApplyMapAsync(Map("a", "1"), Ours);

        var would = await ApplyMapAsync(Map("a", "2"), Ours with { IsDryRun = true });

        Assert.Equal("2", would["data"]!["value"]!.GetValue<string>());
        Assert.Equal("1", (await Client.GetAsync(ResourceTypes.ConfigMaps, Key("a"), default))!["data"]!["value"]!.GetValue<string>());
    }

    [Fact]
    public async Task Apply_EditedByHand_IsPutBack()
    {
        await ApplyMapAsync(Map("a", "1"), Ours);
        await Client.PatchAsync(ResourceTypes.ConfigMaps, Key("a"), [new JsonObject { ["op"] = "replace", ["path"] = "/data/value", ["value"] = "by hand" }], default);

        var after = await ApplyMapAsync(Map("a", "1"), Ours with { Force = true });

        Assert.Equal("1", after["data"]!["value"]!.GetValue<string>());
    }

    [Fact]
    public async Task Apply_ElementsOfAKeyedList_MergeByTheirKeys()
    {
        await Client.ApplyAsync(ResourceTypes.Services, Service(("web", 80)), Ours, default);
        await Client.ApplyAsync(ResourceTypes.Services, Service(("admin", 81)), Theirs, default);

        var after = await Client.ApplyAsync(ResourceTypes.Services, Service(("web", 80)), Ours, default);

        Assert.Equal(["web", "admin"], after["spec"]!["ports"]!.AsArray().Select(port => port!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task ApplyStatus_ThroughStatus_LeavesSpecAndGeneration()
    {
        var budget = new JsonObject
        {
            ["apiVersion"] = "policy/v1", ["kind"] = "PodDisruptionBudget",
            ["metadata"] = new JsonObject { ["name"] = "a", ["namespace"] = Namespace },
            ["spec"] = new JsonObject { ["maxUnavailable"] = 1, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "x" } } },
        };
        var made = await Client.ApplyAsync(ResourceTypes.PodDisruptionBudgets, budget, Ours, default);
        var status = (JsonObject)budget.DeepClone();
        status["spec"]!["maxUnavailable"] = 2;
        status["status"] = new JsonObject
        {
            ["observedGeneration"] = 1, ["disruptionsAllowed"] = 3, ["currentHealthy"] = 1, ["desiredHealthy"] = 1, ["expectedPods"] = 1,
        };

        var after = await Client.ApplyStatusAsync(ResourceTypes.PodDisruptionBudgets, status, Ours, default);

        Assert.Equal(3, after["status"]!["disruptionsAllowed"]!.GetValue<int>());
        Assert.Equal(1, after["spec"]!["maxUnavailable"]!.GetValue<int>());
        Assert.Equal(made["metadata"]!["generation"]!.GetValue<int>(), after["metadata"]!["generation"]!.GetValue<int>());
    }

    private Task<JsonObject> ApplyMapAsync(JsonObject body, ApplyOptions options) => Client.ApplyAsync(ResourceTypes.ConfigMaps, body, options, default);

    private JsonObject Service(params (string Name, int Port)[] ports) => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "Service", ["metadata"] = new JsonObject { ["name"] = "s", ["namespace"] = Namespace },
        ["spec"] = new JsonObject
        {
            ["ports"] = new JsonArray([.. ports.Select(port => new JsonObject { ["name"] = port.Name, ["port"] = port.Port, ["protocol"] = "TCP" })]),
        },
    };
}
