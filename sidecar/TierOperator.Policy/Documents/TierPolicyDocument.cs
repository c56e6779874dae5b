using System.Text.Json.Nodes;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Documents;

/// <summary>What a person wrote: one TierPolicy. Null is what was not written. Immutable.</summary>
public sealed record TierPolicyDocument
{
    /// <summary>The only version there is.</summary>
    public const string Version = "tieroperator.io/v1alpha1";

    /// <summary>The only kind there is.</summary>
    public const string KindName = "TierPolicy";

    /// <summary>The newest form of snapshots that this program reads.</summary>
    public const int NewestSchema = 1;

    [Field("The version of the policy language: `tieroperator.io/v1alpha1`.", Required = true)]
    public string? ApiVersion { get; init; }

    [Field("`TierPolicy`.", Required = true)]
    public string? Kind { get; init; }

    [Field("Written by programs into snapshots; people leave it out.", Min = "1")]
    public int? SchemaVersion { get; init; }

    [Field("The object's name and labels, as in all of Kubernetes.", Required = true)]
    public MetadataDocument? Metadata { get; init; }

    [Field("The policy itself.", Required = true)]
    public SpecDocument? Spec { get; init; }

    [Field("Written by the operator; ignored in files.")]
    public JsonNode? Status { get; init; }
}

/// <summary>Kubernetes' ObjectMeta, as far as a policy needs it; the rest is tolerated and ignored.</summary>
public sealed record MetadataDocument
{
    private const string NamePattern = "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$";

    [Field("The policy's name, unique in its namespace; with it it prefixes every key in shared backends.", Required = true, RestartBound = true, Pattern = NamePattern, PatternHint = "lower-case letters, digits, '-' and '.', at most 253, starting and ending with a letter or digit")]
    public string? Name { get; init; }

    [Field("The namespace.", Default = "default", RestartBound = true, Pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", PatternHint = "lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit")]
    public string? Namespace { get; init; }

    [Field("Labels of the policy object.")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [Field("Annotations of the policy object.")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? Uid { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? ResourceVersion { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? Generation { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? CreationTimestamp { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? DeletionTimestamp { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? DeletionGracePeriodSeconds { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? GenerateName { get; init; }

    [Field("Written by controllers; ignored.")]
    public JsonNode? Finalizers { get; init; }

    [Field("Written by controllers; ignored.")]
    public JsonNode? OwnerReferences { get; init; }

    [Field("Written by the API server; ignored.")]
    public JsonNode? ManagedFields { get; init; }

    [Field("Written by the API server of old; ignored.")]
    public JsonNode? SelfLink { get; init; }
}
