using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Manager.Statuses;

/// <summary>One statement of a status, in Kubernetes' words.</summary>
internal sealed record Condition(string Type, bool IsTrue, string Reason, string Message)
{
    // The API server takes 32,768 characters.
    private const int LongestMessage = 32_000;

    /// <summary>As the API server stores it. The time of the last change is kept where the answer is the same.</summary>
    public JsonObject Write(JsonNode? before, long generation, DateTimeOffset now)
    {
        var status = IsTrue ? "True" : "False";
        var since = before?["status"]?.ToString() == status ? before["lastTransitionTime"]?.ToString() : null;
        return new JsonObject
        {
            ["type"] = Type, ["status"] = status, ["reason"] = Reason,
            ["message"] = Message.Length > LongestMessage ? Message[..LongestMessage] + "…" : Message,
            ["observedGeneration"] = generation, ["lastTransitionTime"] = since ?? MicroTime.FormatSeconds(now),
        };
    }
}
