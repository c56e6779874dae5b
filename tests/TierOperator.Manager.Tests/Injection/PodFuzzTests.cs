using System.Text.Json.Nodes;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Injection;

/// <summary>
/// Odd pods: fields missing, of a wrong type, doubled, foreign. Whatever the pod, injection never throws, its patch
/// applies, injecting again changes nothing, and what is not the operator's stays as it was.
/// </summary>
public sealed class PodFuzzTests
{
    private static readonly InjectionSettings s_settings = new("tier:1", null, NativeSidecars: true, "tier-system");
    private static readonly string[] s_names = ["app", "tier", "istio-proxy", "linkerd-init", "init", "a/b", "~x", ""];

    [Fact]
    public void Inject_OddPods_NeverThrowsAndIsIdempotent()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), out var given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var pod = OddPod(random);
            var native = s_settings with { NativeSidecars = random.Next(4) > 0 };
            try
            {
                Check(pod, native);
            }
            catch (Exception e)
            {
                Assert.Fail($"TIER_SEED={seed}, round {round}: {e.Message}\n{pod.ToJsonString()}");
            }
        }
    }

    private static void Check(JsonObject pod, InjectionSettings settings)
    {
        var before = pod.ToJsonString();
        var result = PodInjector.Inject(new InjectionRequest(pod, "shop", true), [TestPolicies.Chat], settings);
        Assert.Equal(before, pod.ToJsonString());
        if (result.Outcome != InjectionOutcome.Injected)
        {
            Assert.Empty(result.Patch);
            return;
        }

        var injected = JsonPatchApplier.Apply(pod, result.Patch);
        var again = PodInjector.Inject(new InjectionRequest(injected, "shop", true), [TestPolicies.Chat], settings);
        Assert.Equal(InjectionOutcome.AlreadyInjected, again.Outcome);
        Assert.Equal(Foreign(pod), Foreign(injected));
        Assert.Equal(1, PodView.List(injected, "containers").Concat(PodView.List(injected, "initContainers")).Count(container => PodView.Text(container, "name") == "tier"));
    }

    // Everything but what is the operator's to write.
    private static string Foreign(JsonObject pod)
    {
        var rest = (JsonObject)pod.DeepClone();
        foreach (var map in (string[])["labels", "annotations"])
        {
            if (rest["metadata"] is JsonObject metadata && metadata[map] is null) metadata.Remove(map);
            if (rest["metadata"]?[map] is not JsonObject entries) continue;
            foreach (var key in entries.Select(entry => entry.Key).Where(key => key.Contains("tieroperator.io") || key.EndsWith("ports", StringComparison.OrdinalIgnoreCase)).ToList()) entries.Remove(key);
            if (entries.Count == 0) ((JsonObject)rest["metadata"]!).Remove(map);
        }

        if (rest["metadata"] is JsonObject { Count: 0 }) rest.Remove("metadata");
        foreach (var list in (string[])["containers", "initContainers", "volumes"])
        {
            if (rest["spec"] is JsonObject spec && spec[list] is null) spec.Remove(list);
            if (rest["spec"]?[list] is not JsonArray elements) continue;
            foreach (var element in elements.ToList())
                if (element is JsonObject entry && (PodView.Text(entry, "name") ?? "").StartsWith("tier", StringComparison.Ordinal)) elements.Remove(element);
            if (elements.Count == 0) ((JsonObject)rest["spec"]!).Remove(list);
        }

        return rest.ToJsonString();
    }

    private static JsonObject OddPod(Random random)
    {
        var pod = new JsonObject();
        if (random.Next(10) > 0)
        {
            var metadata = new JsonObject();
            if (random.Next(8) > 0) metadata["labels"] = new JsonObject { ["app"] = "chat", ["tieroperator.io/inject"] = random.Next(9) == 0 ? Odd(random) : "true", ["a/b~c"] = Odd(random) };
            if (random.Next(3) == 0) metadata["annotations"] = random.Next(5) == 0 ? null : new JsonObject { ["config.linkerd.io/skip-inbound-ports"] = random.Next(3) == 0 ? "25,7071" : "25," };
            if (random.Next(3) == 0) metadata["ownerReferences"] = random.Next(4) == 0 ? Odd(random) : new JsonArray(new JsonObject { ["kind"] = random.Next(2) == 0 ? "Job" : "ReplicaSet" }, Odd(random));
            pod["metadata"] = metadata;
        }

        if (random.Next(20) == 0) return pod;
        var spec = new JsonObject { ["containers"] = random.Next(15) == 0 ? Odd(random) : Containers(random), ["unknownField"] = Odd(random) };
        if (random.Next(2) == 0) spec["initContainers"] = random.Next(6) == 0 ? Odd(random) : Containers(random);
        if (random.Next(2) == 0) spec["volumes"] = random.Next(6) == 0 ? Odd(random) : new JsonArray(new JsonObject { ["name"] = "x" }, Odd(random));
        if (random.Next(5) == 0) spec["hostNetwork"] = Odd(random);
        if (random.Next(5) == 0) spec["nodeSelector"] = random.Next(2) == 0 ? Odd(random) : new JsonObject { ["kubernetes.io/os"] = "windows" };
        if (random.Next(4) == 0) spec["terminationGracePeriodSeconds"] = random.Next(3) == 0 ? Odd(random) : random.Next(0, 100);
        pod["spec"] = spec;
        return pod;
    }

    private static JsonArray Containers(Random random)
    {
        var list = new JsonArray();
        for (var i = random.Next(4); i >= 0; i--)
        {
            var container = new JsonObject { ["name"] = random.Next(20) == 0 ? Odd(random) : s_names[random.Next(s_names.Length)] };
            if (random.Next(3) == 0) container["ports"] = random.Next(5) == 0 ? Odd(random) : new JsonArray(new JsonObject { ["containerPort"] = random.Next(4) == 0 ? 7070 : 80 }, Odd(random));
            if (random.Next(3) == 0) container["restartPolicy"] = random.Next(5) == 0 ? Odd(random) : "Always";
            list.Add(random.Next(25) == 0 ? Odd(random) : container);
        }

        return list;
    }

    private static JsonNode? Odd(Random random) => random.Next(7) switch
    {
        0 => null,
        1 => true,
        2 => -7,
        3 => "text/~",
        4 => new JsonArray(),
        5 => new JsonObject(),
        _ => 1.5,
    };
}
