using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Faults;

/// <summary>How the server misbehaves towards one request.</summary>
public enum FaultKind
{
    /// <summary>Answers an error.</summary>
    Answer,

    /// <summary>Breaks the connection without an answer.</summary>
    Cut,

    /// <summary>Takes the request and never answers.</summary>
    Silence,

    /// <summary>Does what was asked, and breaks the connection before the answer.</summary>
    CutAfter,
}

/// <summary>A fault that waits for its request.</summary>
public sealed record ServerFault(FaultKind Kind, int Status = 500, string Reason = "InternalError")
{
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Another body than the API server's own: a proxy's page.</summary>
    public string? Body { get; init; }

    public static ServerFault Answer(int status, string reason, int? retryAfterSeconds = null) =>
        new(FaultKind.Answer, status, reason) { RetryAfterSeconds = retryAfterSeconds };

    internal string ToBody() => Body ?? ((JsonObject)new ApiProblemException(Status, Reason, "a fault of the test") { RetryAfterSeconds = RetryAfterSeconds }.ToStatus()).ToJsonString();
}
