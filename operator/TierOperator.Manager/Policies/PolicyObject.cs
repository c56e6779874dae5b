using System.Text.Json.Nodes;
using TierOperator.Policy;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Policies;

/// <summary>
/// One TierPolicy as the API server holds it, read once. Immutable. A policy with faults is here as well: what slipped
/// past a webhook that was away is told in its status.
/// </summary>
internal sealed record PolicyObject
{
    public required string Namespace { get; init; }
    public required string Name { get; init; }
    public required string Uid { get; init; }
    public long Generation { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public bool IsDeleting { get; init; }
    public IReadOnlyList<string> Finalizers { get; init; } = [];
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
    public required PolicyLoadResult Loaded { get; init; }

    /// <summary>The status as the server holds it, never changed in place; null where there is none yet.</summary>
    public JsonNode? Status { get; init; }

    /// <summary>What runs, null where the document has faults.</summary>
    public CompiledPolicy? Compiled => Loaded.Policy;

    /// <summary>The last document without faults, where the one at hand has some; null where none is known.</summary>
    public CompiledPolicy? LastGood { get; init; }

    /// <summary>What sidecars run: this document, else the last good one, else nothing.</summary>
    public CompiledPolicy? Running => Compiled ?? LastGood;

    /// <summary>The spec of <see cref="Running"/>.</summary>
    public SpecDocument RunningSpec => Running?.Effective?.Spec
        ?? throw new InvalidOperationException($"the policy {Namespace}/{Name} never ran");

    /// <summary>The spec with every default filled in. Only of a policy without faults.</summary>
    public SpecDocument Spec => Loaded.Policy?.Effective?.Spec
        ?? throw new InvalidOperationException($"the policy {Namespace}/{Name} has faults and so no spec to act on");

    public string Key => $"{Namespace}/{Name}";

    /// <summary>Reads what the API server sent, and validates it again.</summary>
    /// <param name="loaded">The document where it is known to be the same as before; null to load it.</param>
    public static PolicyObject Read(JsonNode node, PolicyLoadResult? loaded = null)
    {
        var metadata = node["metadata"] as JsonObject;
        return new PolicyObject
        {
            Namespace = Text(metadata, "namespace") ?? "default",
            Name = Text(metadata, "name") ?? "",
            Uid = Text(metadata, "uid") ?? "",
            Generation = metadata?["generation"]?.GetValue<long>() ?? 0,
            CreatedAt = DateTimeOffset.TryParse(Text(metadata, "creationTimestamp"), out var at) ? at : DateTimeOffset.MaxValue,
            IsDeleting = metadata?["deletionTimestamp"] is not null,
            Finalizers = [.. (metadata?["finalizers"] as JsonArray ?? []).Select(item => item!.GetValue<string>())],
            Annotations = (metadata?["annotations"] as JsonObject ?? []).ToDictionary(entry => entry.Key, entry => entry.Value?.ToString() ?? ""),
            Loaded = loaded ?? PolicyLoader.Load(node.ToJsonString()),
            Status = node["status"],
        };
    }

    private static string? Text(JsonObject? metadata, string name) => metadata?[name]?.GetValue<string>();
}
