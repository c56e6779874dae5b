using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.Admission;

/// <summary>What a webhook answers.</summary>
/// <param name="IsAllowed">False refuses the object.</param>
public sealed record AdmissionResult(bool IsAllowed)
{
    /// <summary>The API server cuts warnings at 256 characters each and 4,096 together.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>A JSON Patch (RFC 6902) of the object; null or empty leaves it as it is.</summary>
    public JsonArray? Patch { get; init; }

    /// <summary>Why it is refused, and what to do.</summary>
    public string Message { get; init; } = "";

    public static AdmissionResult Allow { get; } = new(true);

    public static AdmissionResult Deny(string message) => new(false) { Message = message };
}
