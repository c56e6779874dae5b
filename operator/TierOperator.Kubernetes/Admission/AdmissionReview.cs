using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Admission;

/// <summary>Reads and writes the documents between the API server and webhooks (admission.k8s.io/v1).</summary>
public static class AdmissionReview
{
    private const string ApiVersion = "admission.k8s.io/v1";

    /// <summary>The request of a review. Throws <see cref="FormatException"/> for anything else, with what is wrong.</summary>
    public static AdmissionRequest Read(ReadOnlySpan<byte> review)
    {
        try
        {
            return Read(JsonNode.Parse(review));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FormatException($"this is no AdmissionReview: {error.Message}", error);
        }
    }

    /// <summary>The review that answers a request.</summary>
    public static byte[] Write(string uid, AdmissionResult result)
    {
        var response = new JsonObject { ["uid"] = uid, ["allowed"] = result.IsAllowed };
        if (result is { IsAllowed: true, Patch.Count: > 0 })
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(result.Patch.ToJsonString()));
        }

        if (!result.IsAllowed)
            response["status"] = new JsonObject { ["code"] = 403, ["reason"] = "Forbidden", ["message"] = result.Message };
        if (result.Warnings.Count > 0)
            response["warnings"] = new JsonArray([.. result.Warnings.Select(warning => JsonValue.Create(warning))]);
        return JsonSerializer.SerializeToUtf8Bytes<JsonNode>(
            new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "AdmissionReview", ["response"] = response });
    }

    private static AdmissionRequest Read(JsonNode? review)
    {
        if (review is not JsonObject || review["kind"]?.GetValue<string>() != "AdmissionReview" || review["apiVersion"]?.GetValue<string>() != ApiVersion)
            throw new FormatException($"this is no AdmissionReview of {ApiVersion}");
        if (review["request"] is not JsonObject request || request["uid"]?.GetValue<string>() is not { Length: > 0 } uid)
            throw new FormatException("the AdmissionReview has no request with a uid");
        var operation = request["operation"]?.GetValue<string>();
        if (!Enum.TryParse<AdmissionOperation>(operation, true, out var known)) throw new FormatException($"the operation {operation} is not known");
        var key = new ObjectKey(request["namespace"]?.GetValue<string>() ?? "", request["name"]?.GetValue<string>() ?? "");
        return new AdmissionRequest(
            uid, known, key, request["object"] as JsonObject, request["oldObject"] as JsonObject,
            request["dryRun"]?.GetValue<bool>() ?? false, request["userInfo"]?["username"]?.GetValue<string>() ?? "");
    }
}
