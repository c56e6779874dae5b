using System.Text.Json.Nodes;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>What the server offers: /version, /apis and the kinds of a group.</summary>
internal sealed class DiscoveryRequests(ClusterState state, string version)
{
    /// <summary>Null for a path that is none of these.</summary>
    public JsonObject? Answer(string path) => path.Trim('/') switch
    {
        "version" => Version(),
        "apis" => Groups(),
        var text when text.Split('/') is ["api", var core] => Kinds("", core),
        var text when text.Split('/') is ["apis", var group, var inGroup] => Kinds(group, inGroup),
        _ => null,
    };

    private JsonObject Version()
    {
        var parts = version.TrimStart('v').Split('.');
        return new JsonObject { ["major"] = parts[0], ["minor"] = parts[1], ["gitVersion"] = version };
    }

    private JsonObject Groups() => new()
    {
        ["kind"] = "APIGroupList", ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. state.Tables.Select(table => table.Type.Group).Where(group => group.Length > 0).Distinct().Select(Group)]),
    };

    private JsonObject Group(string name) => new()
    {
        ["name"] = name,
        ["versions"] = new JsonArray([.. state.Tables.Where(table => table.Type.Group == name).Select(table => table.Type).DistinctBy(type => type.Version)
            .Select(type => new JsonObject { ["groupVersion"] = type.ApiVersion, ["version"] = type.Version })]),
    };

    private JsonObject Kinds(string group, string inGroup)
    {
        var types = state.Tables.Select(table => table.Type).Where(type => type.Group == group && type.Version == inGroup).ToList();
        if (types.Count == 0) throw new ApiProblemException(404, "NotFound", "the server could not find the requested resource");
        return new JsonObject
        {
            ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = types[0].ApiVersion,
            ["resources"] = new JsonArray([.. types.Select(type => new JsonObject { ["name"] = type.Plural, ["kind"] = type.Kind, ["namespaced"] = type.IsNamespaced })]),
        };
    }
}
