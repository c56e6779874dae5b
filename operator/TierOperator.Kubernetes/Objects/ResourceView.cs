using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

/// <summary>
/// What a program keeps of the objects of a kind. The element that <paramref name="Read"/> gets is gone when it
/// returns: it copies what it needs, so that 10,000 pods cost what the program uses of them and no more.
/// </summary>
/// <param name="Type">The kind.</param>
/// <param name="Read">Reads one object. Must not throw: what it does not find is absent.</param>
/// <param name="IsMetadataOnly">True where the server shall send nothing but metadata.</param>
public sealed record ResourceView<T>(ResourceType Type, Func<JsonElement, T> Read, bool IsMetadataOnly = false)
    where T : IKubeObject;
