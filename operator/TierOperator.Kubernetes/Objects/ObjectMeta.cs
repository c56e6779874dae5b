using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

/// <summary>The part of an object's metadata that controllers act on. Immutable.</summary>
public sealed record ObjectMeta
{
    private static readonly Dictionary<string, string> NoEntries = [];

    public required string Name { get; init; }

    /// <summary>Empty for kinds of the whole cluster.</summary>
    public string Namespace { get; init; } = "";
    public string Uid { get; init; } = "";

    /// <summary>Opaque: equal or not, never older or newer.</summary>
    public string ResourceVersion { get; init; } = "";
    public long Generation { get; init; }
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When the object's deletion was asked for; it stays until its finalizers are gone.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoEntries;
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = NoEntries;
    public IReadOnlyList<string> Finalizers { get; init; } = [];
    public IReadOnlyList<OwnerReference> OwnerReferences { get; init; } = [];

    public ObjectKey Key => new(Namespace, Name);
    public bool IsBeingDeleted => DeletionTimestamp is not null;

    /// <summary>Reads the <c>metadata</c> of an object.</summary>
    public static ObjectMeta Read(JsonElement body)
    {
        var metadata = JsonFields.Object(body, "metadata");
        return new ObjectMeta
        {
            Name = JsonFields.Text(metadata, "name") ?? "",
            Namespace = JsonFields.Text(metadata, "namespace") ?? "",
            Uid = JsonFields.Text(metadata, "uid") ?? "",
            ResourceVersion = JsonFields.Text(metadata, "resourceVersion") ?? "",
            Generation = JsonFields.Number(metadata, "generation") ?? 0,
            CreationTimestamp = JsonFields.Time(metadata, "creationTimestamp"),
            DeletionTimestamp = JsonFields.Time(metadata, "deletionTimestamp"),
            Labels = JsonFields.TextMap(metadata, "labels") ?? NoEntries,
            Annotations = JsonFields.TextMap(metadata, "annotations") ?? NoEntries,
            Finalizers = JsonFields.TextList(metadata, "finalizers"),
            OwnerReferences = [.. JsonFields.List(metadata, "ownerReferences").Select(OwnerReference.Read)],
        };
    }
}
