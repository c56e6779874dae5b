namespace TierOperator.Kubernetes.Connection;

/// <summary>What says where the API server is, or who we are, cannot be used as it is. The message says what to do.</summary>
public sealed class ConnectionException(string message, Exception? cause = null) : Exception(message, cause);
