using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Events;

/// <summary>What happened to an object, for people who ask <c>kubectl describe</c>.</summary>
/// <param name="Type">The object's kind.</param>
/// <param name="Regarding">The object.</param>
/// <param name="Kind">Usual course or warning.</param>
/// <param name="Reason">One CamelCase word, from a closed set.</param>
/// <param name="Message">A sentence.</param>
/// <param name="Action">What was done or refused, one CamelCase word.</param>
public sealed record KubeEvent(ResourceType Type, ObjectMeta Regarding, EventKind Kind, string Reason, string Message, string Action = "Reconcile");
