using System.Globalization;
using System.Text.Json.Nodes;
using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Desired;

/// <summary>What the pods of all backends have in common: the restricted security level, scripts and Secrets mounted, a data folder.</summary>
internal static class BackendPod
{
    public const string ConfigFolder = "/etc/tier-backend/config";
    public const string SecretFolder = "/etc/tier-backend/secret";
    public const string DataFolder = "/data";

    /// <summary>A pod's spec around its containers.</summary>
    /// <param name="user">The id that the image's files belong to.</param>
    /// <param name="name">The ConfigMap and the Secret that are mounted, of one name.</param>
    public static JsonObject Spec(string name, int user, params JsonNode[] containers) => new()
    {
        ["automountServiceAccountToken"] = false,
        ["enableServiceLinks"] = false,
        ["securityContext"] = new JsonObject
        {
            ["runAsNonRoot"] = true, ["runAsUser"] = user, ["runAsGroup"] = user, ["fsGroup"] = user,
            ["fsGroupChangePolicy"] = "OnRootMismatch", ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        },
        ["containers"] = new JsonArray(containers),
        ["volumes"] = new JsonArray(
            new JsonObject { ["name"] = "config", ["configMap"] = new JsonObject { ["name"] = name, ["defaultMode"] = 0b100_100_100 } },
            new JsonObject { ["name"] = "secret", ["secret"] = new JsonObject { ["secretName"] = name, ["defaultMode"] = 0b100_100_000 } }),
    };

    /// <summary>A container that runs one of the scripts of the ConfigMap.</summary>
    public static JsonObject Container(string name, string image, string script, JsonArray environment)
    {
        foreach (var (variable, value) in (ReadOnlySpan<(string, string)>)[("CONFIG", ConfigFolder), ("SECRET", SecretFolder), ("DATA", DataFolder)])
            environment.Add(Variable(variable, value));
        return new JsonObject
        {
            ["name"] = name,
            ["image"] = image,
            ["command"] = new JsonArray("sh", $"{ConfigFolder}/{script}"),
            ["env"] = environment,
            ["securityContext"] = new JsonObject
            {
                ["readOnlyRootFilesystem"] = true, ["allowPrivilegeEscalation"] = false,
                ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            },
            ["volumeMounts"] = new JsonArray(
                new JsonObject { ["name"] = "config", ["mountPath"] = ConfigFolder, ["readOnly"] = true },
                new JsonObject { ["name"] = "secret", ["mountPath"] = SecretFolder, ["readOnly"] = true },
                new JsonObject { ["name"] = "data", ["mountPath"] = DataFolder }),
        };
    }

    public static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };

    public static JsonObject FromPod(string name, string field) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = field } },
    };

    /// <summary>A probe that runs one of the scripts.</summary>
    public static JsonObject Probe(string script, int periodSeconds, int failures) => new()
    {
        ["exec"] = new JsonObject { ["command"] = new JsonArray("sh", $"{ConfigFolder}/{script}") },
        ["periodSeconds"] = periodSeconds, ["timeoutSeconds"] = 5, ["failureThreshold"] = failures,
    };

    public static JsonObject EmptyData(string sizeLimit) => new() { ["name"] = "data", ["emptyDir"] = new JsonObject { ["sizeLimit"] = sizeLimit } };

    /// <summary>A StatefulSet's claim for its data folder. Claims carry no owner: what becomes of them is the policy's deletionPolicy.</summary>
    public static JsonObject Claim(PolicyObject policy, string component, string size) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "PersistentVolumeClaim",
        ["metadata"] = new JsonObject { ["name"] = "data", ["labels"] = OwnedObject.Selector(policy, component) },
        ["spec"] = new JsonObject
        {
            ["accessModes"] = new JsonArray("ReadWriteOnce"),
            ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size } },
        },
    };

    public static JsonObject StatefulSet(PolicyObject policy, string name, string component, int replicas, JsonObject podSpec)
    {
        var set = OwnedObject.Of(policy, "apps/v1", "StatefulSet", name, component);
        set["spec"] = new JsonObject
        {
            ["replicas"] = replicas,
            ["serviceName"] = $"{name}-nodes",
            // Redis nodes find each other by name while none of them is ready yet.
            ["podManagementPolicy"] = "Parallel",
            ["selector"] = new JsonObject { ["matchLabels"] = OwnedObject.Selector(policy, component) },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = OwnedObject.Labels(policy, component) },
                ["spec"] = podSpec,
            },
        };
        return set;
    }

    public static JsonObject Service(PolicyObject policy, string name, string component, int port, bool isHeadless)
    {
        var service = OwnedObject.Of(policy, "v1", "Service", isHeadless ? $"{name}-nodes" : name, component);
        var spec = new JsonObject
        {
            ["selector"] = OwnedObject.Selector(policy, component),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "tcp", ["port"] = port, ["targetPort"] = port, ["protocol"] = "TCP" }),
        };
        if (isHeadless) (spec["clusterIP"], spec["publishNotReadyAddresses"]) = ("None", true);
        service["spec"] = spec;
        return service;
    }

    /// <summary>One pod at a time may be drained; where there is only one, draining it must still be possible.</summary>
    public static JsonObject DisruptionBudget(PolicyObject policy, string name, string component)
    {
        var budget = OwnedObject.Of(policy, "policy/v1", "PodDisruptionBudget", name, component);
        budget["spec"] = new JsonObject
        {
            ["maxUnavailable"] = 1,
            ["selector"] = new JsonObject { ["matchLabels"] = OwnedObject.Selector(policy, component) },
        };
        return budget;
    }

    /// <summary>Lets in the policy's own pods, and the backend's own parts among each other, and nobody else.</summary>
    public static JsonObject NetworkPolicy(PolicyObject policy, string name, string component, params int[] ports)
    {
        var network = OwnedObject.Of(policy, "networking.k8s.io/v1", "NetworkPolicy", name, component);
        network["spec"] = new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = OwnedObject.Selector(policy, component) },
            ["policyTypes"] = new JsonArray("Ingress"),
            ["ingress"] = new JsonArray(new JsonObject
            {
                ["from"] = new JsonArray(new JsonObject
                {
                    ["podSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [WellKnown.Owner] = ObjectNames.LabelValue(policy.Name) } },
                }),
                ["ports"] = new JsonArray([.. ports.Select(port => new JsonObject { ["protocol"] = "TCP", ["port"] = port })]),
            }),
        };
        return network;
    }

    public static JsonObject ConfigMap(PolicyObject policy, string name, string component, IEnumerable<(string File, string Text)> files)
    {
        var map = OwnedObject.Of(policy, "v1", "ConfigMap", name, component);
        var data = new JsonObject();
        foreach (var (file, text) in files) data[file] = text;
        map["data"] = data;
        return map;
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
