using System.Text.Json.Nodes;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Names;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Injection;

public sealed class PodInjectorTests
{
    private static readonly InjectionSettings s_settings = new("registry.example/tier:1", "IfNotPresent", NativeSidecars: true, "tier-system");

    public static TheoryData<string> GoldenCases => [.. Golden.Cases("Pods")];

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void Inject_GoldenPod_GivesTheExactPatch(string name)
    {
        var policy = File.Exists(Golden.PathOf("Pods", name, "policy.yaml"))
            ? TestPolicies.Read(File.ReadAllText(Golden.PathOf("Pods", name, "policy.yaml"))) : TestPolicies.Chat;
        var pod = (JsonObject)Golden.Read("Pods", name, "pod.yaml");

        var result = PodInjector.Inject(new InjectionRequest(pod, "shop", false), [policy], s_settings with { NativeSidecars = !name.Contains("before-1-29") });

        Golden.Compare("Pods", name, "answer.json", new JsonObject
        {
            ["outcome"] = result.Outcome.ToString(), ["message"] = result.Message, ["patch"] = result.Patch.DeepClone(),
        });
    }

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void Inject_Twice_IsInjectOnce(string name)
    {
        var pod = (JsonObject)Golden.Read("Pods", name, "pod.yaml");
        var once = JsonPatchApplier.Apply(pod, Patch(pod));

        Assert.Empty(Patch(once));
    }

    [Fact]
    public void Inject_AfterAnotherWebhook_KeepsWhatItAdded()
    {
        var pod = Pod();
        var injected = JsonPatchApplier.Apply(pod, Patch(pod));
        var ours = injected["spec"]!["initContainers"]![0]!;
        ((JsonArray)ours["volumeMounts"]!).Add(new JsonObject { ["name"] = "kube-api-access", ["mountPath"] = "/var/run/secrets/kubernetes.io/serviceaccount" });

        Assert.Empty(Patch(injected));
    }

    [Fact]
    public void Inject_MeshThatCameLater_MovesBehindItsProxy()
    {
        var pod = Pod();
        var injected = JsonPatchApplier.Apply(pod, Patch(pod));
        ((JsonArray)injected["spec"]!["initContainers"]!).Add(new JsonObject { ["name"] = "istio-proxy", ["restartPolicy"] = "Always" });

        var moved = JsonPatchApplier.Apply(injected, Patch(injected));

        Assert.Equal(["istio-proxy", "tier"], Names(moved));
        Assert.Empty(Patch(moved));
    }

    [Fact]
    public void Inject_RestartBoundChange_ReplacesContainerAndVolumes()
    {
        var pod = Pod();
        var injected = JsonPatchApplier.Apply(pod, Patch(pod));
        var larger = TestPolicies.Read(TestPolicies.MemoryAndDisk.Replace("256Mi", "1Gi"));

        var result = PodInjector.Inject(new InjectionRequest(injected, "shop", false), [larger], s_settings);
        var replaced = JsonPatchApplier.Apply(injected, result.Patch);

        Assert.Equal("1408Mi", replaced["spec"]!["initContainers"]![0]!["resources"]!["limits"]!["memory"]!.GetValue<string>());
        Assert.Single(Names(replaced));
        Assert.Equal(2, ((JsonArray)replaced["spec"]!["volumes"]!).Count);
    }

    [Fact]
    public void Shape_NewOperatorVersionAlone_IsTheSame()
    {
        var liveChange = TestPolicies.Read(TestPolicies.MemoryAndDisk.Replace("256Mi}", "256Mi, ttl: 1h}"));
        var restartBound = TestPolicies.Read(TestPolicies.MemoryAndDisk.Replace("1Gi", "2Gi"));

        Assert.Equal(PodInjector.Shape(TestPolicies.Chat), PodInjector.Shape(liveChange));
        Assert.NotEqual(PodInjector.Shape(TestPolicies.Chat), PodInjector.Shape(restartBound));
    }

    [Theory]
    [InlineData("kube-system", true)]
    [InlineData("tier-system", true)]
    [InlineData("shop", false)]
    public void Inject_SystemNamespaces_AreAlwaysOut(string space, bool isOut)
    {
        var result = PodInjector.Inject(new InjectionRequest(Pod(), space, true), [TestPolicies.Chat], s_settings);

        Assert.Equal(isOut, result.Outcome == InjectionOutcome.NotAsked);
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    [InlineData("true", false, true)]
    [InlineData("false", true, false)]
    [InlineData("yes", true, false)]
    public void Inject_LabelOfPodAndNamespace_Decide(string? label, bool namespaceAsks, bool isInjected)
    {
        var pod = Pod();
        var labels = (JsonObject)pod["metadata"]!["labels"]!;
        labels.Remove(WellKnown.Inject);
        if (label is not null) labels[WellKnown.Inject] = label;

        var result = PodInjector.Inject(new InjectionRequest(pod, "shop", namespaceAsks), [TestPolicies.Chat], s_settings);

        Assert.Equal(isInjected ? InjectionOutcome.Injected : InjectionOutcome.NotAsked, result.Outcome);
    }

    [Fact]
    public void Inject_PolicyWithFaults_UsesTheLastGoodOneAndElseSaysSo()
    {
        var faulty = TestPolicies.Read(TestPolicies.MemoryAndDisk.Replace("capacity: 256Mi", "capacty: 256Mi"));
        var pod = Pod();
        pod["metadata"]!["labels"]![WellKnown.Policy] = "chat";

        var never = PodInjector.Inject(new InjectionRequest(pod, "shop", false), [faulty], s_settings);
        var since = PodInjector.Inject(new InjectionRequest(pod, "shop", false), [faulty with { LastGood = TestPolicies.Chat.Compiled }], s_settings);

        Assert.Equal(InjectionOutcome.PolicyNotAccepted, never.Outcome);
        Assert.Equal(InjectionOutcome.Injected, since.Outcome);
    }

    internal static JsonObject Pod() => TestPolicies.Node("""
        metadata: {name: chat-1, labels: {app: chat, tieroperator.io/inject: "true"}}
        spec: {containers: [{name: app, image: app}]}
        """);

    private static JsonArray Patch(JsonObject pod) => PodInjector.Inject(new InjectionRequest(pod, "shop", false), [TestPolicies.Chat], s_settings).Patch;

    private static IEnumerable<string> Names(JsonObject pod) => ((JsonArray)pod["spec"]!["initContainers"]!).Select(container => container!["name"]!.GetValue<string>());
}
