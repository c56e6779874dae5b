using System.Text.Json.Nodes;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Names;

namespace TierOperator.Manager.Webhooks;

/// <summary>
/// The webhook configurations by URL, for a manager that runs outside the cluster. The chart renders the same entries
/// with a Service; a test holds the two together.
/// </summary>
internal static class WebhookConfigurations
{
    private const int TimeoutSeconds = 5;

    /// <summary>
    /// Four entries, because a selector cannot say "or": pods that ask for themselves, and pods of namespaces that ask;
    /// both once open and once closed.
    /// </summary>
    public static JsonObject Mutating(ManagerOptions options, Uri url, string bundle)
    {
        var webhooks = new JsonArray();
        foreach (var isClosed in (ReadOnlySpan<bool>)[false, true])
            foreach (var byNamespace in (ReadOnlySpan<bool>)[false, true])
                webhooks.Add(Injection(options, new Uri(url, WebhookServer.InjectPath), bundle, isClosed, byNamespace));
        return Configuration("MutatingWebhookConfiguration", options, webhooks);
    }

    public static JsonObject Validating(ManagerOptions options, Uri url, string bundle)
    {
        var webhook = Webhook("policies.tieroperator.io", new Uri(url, WebhookServer.ValidatePath), bundle, "Ignore");
        webhook["rules"] = new JsonArray(Rule(WellKnown.Group, "v1alpha1", "tierpolicies", "CREATE", "UPDATE"));
        return Configuration("ValidatingWebhookConfiguration", options, new JsonArray(webhook));
    }

    private static JsonObject Injection(ManagerOptions options, Uri url, string bundle, bool isClosed, bool byNamespace)
    {
        var name = $"{(byNamespace ? "namespace" : "pod")}{(isClosed ? "-closed" : "")}.inject.tieroperator.io";
        var webhook = Webhook(name, url, bundle, isClosed ? "Fail" : "Ignore");
        webhook["reinvocationPolicy"] = "IfNeeded";
        webhook["rules"] = new JsonArray(Rule("", "v1", "pods", "CREATE"));
        webhook["namespaceSelector"] = Selector(
            Expression("kubernetes.io/metadata.name", "NotIn", [.. WellKnown.SystemNamespaces, options.Namespace]),
            Expression(WellKnown.Inject, byNamespace ? "In" : "NotIn", "true"));
        webhook["objectSelector"] = Selector(
            Expression(WellKnown.Inject, byNamespace ? "NotIn" : "In", byNamespace ? "false" : "true"),
            Expression(WellKnown.FailureMode, isClosed ? "In" : "NotIn", "closed"));
        return webhook;
    }

    private static JsonObject Webhook(string name, Uri url, string bundle, string failurePolicy) => new()
    {
        ["name"] = name,
        ["admissionReviewVersions"] = new JsonArray("v1"),
        ["sideEffects"] = "NoneOnDryRun",
        ["timeoutSeconds"] = TimeoutSeconds,
        ["failurePolicy"] = failurePolicy,
        ["clientConfig"] = new JsonObject { ["url"] = url.ToString(), ["caBundle"] = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(bundle)) },
    };

    private static JsonObject Rule(string group, string version, string plural, params string[] operations) => new()
    {
        ["apiGroups"] = new JsonArray(group), ["apiVersions"] = new JsonArray(version), ["resources"] = new JsonArray(plural),
        ["operations"] = new JsonArray([.. operations.Select(operation => JsonValue.Create(operation))]), ["scope"] = "Namespaced",
    };

    private static JsonObject Selector(params JsonNode[] expressions) => new() { ["matchExpressions"] = new JsonArray(expressions) };

    private static JsonObject Expression(string key, string comparison, params string[] values) => new()
    {
        ["key"] = key, ["operator"] = comparison, ["values"] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]),
    };

    private static JsonObject Configuration(string kind, ManagerOptions options, JsonArray webhooks) => new()
    {
        ["apiVersion"] = "admissionregistration.k8s.io/v1", ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = options.WebhookConfiguration }, ["webhooks"] = webhooks,
    };
}
