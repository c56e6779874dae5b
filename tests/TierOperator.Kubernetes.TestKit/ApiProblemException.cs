using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>A refusal, in the API server's form.</summary>
public sealed class ApiProblemException(int code, string reason, string message) : Exception(message)
{
    public int Code => code;
    public int? RetryAfterSeconds { get; init; }
    public IReadOnlyList<(string Reason, string Field, string Message)> Causes { get; init; } = [];

    public static ApiProblemException NotFound(string what) => new(404, "NotFound", $"{what} not found");

    public static ApiProblemException Conflict(string what) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {what}: the object has been modified; please apply your changes to the latest version and try again");

    public static ApiProblemException Gone() => new(410, "Expired", "The resourceVersion for the provided watch or list is too old.");

    public static ApiProblemException Invalid(string message) => new(422, "Invalid", message);

    public static ApiProblemException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiProblemException FieldConflict(IEnumerable<(string Manager, string Field)> fields)
    {
        var causes = fields.Select(field => ("FieldManagerConflict", field.Field, $"conflict with \"{field.Manager}\"")).ToList();
        return new ApiProblemException(409, "Conflict", $"Apply failed with {causes.Count} conflicts") { Causes = causes };
    }

    public JsonObject ToStatus()
    {
        var details = new JsonObject();
        if (RetryAfterSeconds is { } seconds) details["retryAfterSeconds"] = seconds;
        if (Causes.Count > 0)
            details["causes"] = new JsonArray([.. Causes.Select(cause => new JsonObject { ["reason"] = cause.Reason, ["field"] = cause.Field, ["message"] = cause.Message })]);
        return new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure",
            ["message"] = Message, ["reason"] = reason, ["details"] = details, ["code"] = code,
        };
    }
}
