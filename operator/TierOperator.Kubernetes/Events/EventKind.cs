namespace TierOperator.Kubernetes.Events;

/// <summary>Whether an Event tells of the usual course or asks for attention.</summary>
public enum EventKind { Normal, Warning }
