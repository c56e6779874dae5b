using System.Net;
using System.Text.Json;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Client;

/// <summary>What the API server said against a request.</summary>
/// <param name="Request">The method and path of the request.</param>
/// <param name="Status">Null where there was no answer.</param>
/// <param name="Reason">The server's machine-readable reason (<c>AlreadyExists</c>), <c>Timeout</c> or <c>Unreachable</c>.</param>
/// <param name="Message">The server's words.</param>
public sealed record ApiFault(string Request, HttpStatusCode? Status, string Reason, string Message)
{
    /// <summary>How long the server asks to wait; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The fields that were wrong or that others own, as the server lists them.</summary>
    public IReadOnlyList<FaultCause> Causes { get; init; } = [];

    internal string Describe() => Status is null
        ? $"{Request}: {Message}"
        : $"{Request}: the API server answered {(int)Status} {Reason}: {Message}";

    /// <summary>Reads a <c>Status</c> object; what is no such object leaves a fault with the status alone.</summary>
    internal static ApiFault Read(string request, HttpStatusCode status, JsonElement body)
    {
        var details = JsonFields.Object(body, "details");
        return new ApiFault(request, status, JsonFields.Text(body, "reason") ?? status.ToString(), JsonFields.Text(body, "message") ?? "no message")
        {
            RetryAfter = JsonFields.Number(details, "retryAfterSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Causes = [.. JsonFields.List(details, "causes").Select(FaultCause.Read)],
        };
    }
}

/// <summary>One field of an object that the API server refused.</summary>
public sealed record FaultCause(string Reason, string Field, string Message)
{
    internal static FaultCause Read(JsonElement cause) =>
        new(JsonFields.Text(cause, "reason") ?? "", JsonFields.Text(cause, "field") ?? "", JsonFields.Text(cause, "message") ?? "");
}
