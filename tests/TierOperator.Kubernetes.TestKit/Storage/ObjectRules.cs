using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>What the API server sees to for every object, whatever its kind.</summary>
internal static partial class ObjectRules
{
    private static readonly string[] Fixed = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>Completes a new object's metadata and gives it back.</summary>
    public static JsonObject PrepareNew(ResourceTable table, JsonObject body, DateTimeOffset now)
    {
        CheckTimes(body);
        var metadata = body["metadata"] as JsonObject ?? throw ApiProblemException.Invalid("metadata: Required value");
        if (metadata["name"] is null && metadata["generateName"] is { } prefix) metadata["name"] = $"{prefix.GetValue<string>()}{Guid.NewGuid().ToString("n")[..5]}";
        var name = metadata["name"]?.GetValue<string>() ?? throw ApiProblemException.Invalid("metadata.name: Required value: name or generateName is required");
        if (!Name().IsMatch(name)) throw ApiProblemException.Invalid($"metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'");
        (body["apiVersion"], body["kind"]) = (table.Type.ApiVersion, table.Type.Kind);
        metadata.Remove("deletionTimestamp");
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = MicroTime.FormatSeconds(now);
        metadata["generation"] = 1;
        if (table.HasStatus && table.Type.Plural != "pods") body.Remove("status");
        return metadata;
    }

    /// <summary>Keeps a write to what it may change: the status or the rest, never who the object is.</summary>
    public static void Restrict(ResourceTable table, StoredObject before, JsonObject body, bool isStatus)
    {
        CheckTimes(body);
        var metadata = body["metadata"] as JsonObject ?? throw ApiProblemException.Invalid("metadata: Required value");
        if (metadata["resourceVersion"]?.GetValue<string>() is { Length: > 0 } version && version != before.Version)
            throw ApiProblemException.Conflict($"{table.Type} \"{before.Key.Name}\"");
        if (metadata["uid"]?.GetValue<string>() is { } uid && uid != before.Uid) throw ApiProblemException.Conflict($"{table.Type} \"{before.Key.Name}\"");
        if (isStatus)
        {
            foreach (var (name, _) in body.ToList())
                if (name != "status") body.Remove(name);
            foreach (var (name, value) in before.Body)
                if (name != "status") body[name] = value?.DeepClone();
            return;
        }

        if (table.HasStatus) Keep(body, before.Body, "status");
        foreach (var field in Fixed) Keep(metadata, before.Metadata, field);
        (body["apiVersion"], body["kind"]) = (table.Type.ApiVersion, table.Type.Kind);
        metadata["resourceVersion"] = before.Version;
        metadata["generation"] = before.Metadata["generation"]!.GetValue<int>() + (SpecIsSame(before.Body, body) ? 0 : 1);
    }

    public static void MarkDeleted(JsonObject body, DateTimeOffset now)
    {
        var metadata = (JsonObject)body["metadata"]!;
        metadata["deletionTimestamp"] = MicroTime.FormatSeconds(now);
        metadata["deletionGracePeriodSeconds"] = 0;
        metadata["generation"] = metadata["generation"]!.GetValue<int>() + 1;
    }

    public static bool HasFinalizers(StoredObject item) => item.Metadata["finalizers"] is JsonArray { Count: > 0 };

    private static void Keep(JsonObject target, JsonObject source, string field)
    {
        if (source[field] is { } value) target[field] = value.DeepClone();
        else target.Remove(field);
    }

    private static bool SpecIsSame(JsonObject before, JsonObject after) =>
        before.Select(field => field.Key).Concat(after.Select(field => field.Key)).Distinct()
            .Where(name => name is not ("metadata" or "status")).All(name => JsonNode.DeepEquals(before[name], after[name]));

    /// <summary>The fields of type MicroTime take six digits and no others.</summary>
    private static void CheckTimes(JsonObject body)
    {
        foreach (var time in new[] { body["eventTime"], body["series"]?["lastObservedTime"], body["spec"]?["renewTime"], body["spec"]?["acquireTime"] })
            if (time?.GetValue<string>() is { } text && !MicroTimeForm().IsMatch(text)) throw ApiProblemException.BadRequest($"parsing time \"{text}\": cannot parse it as a MicroTime");
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    private static partial Regex MicroTimeForm();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9.:]{0,251}[a-z0-9])?$")]
    private static partial Regex Name();
}
