namespace TierOperator.Manager.Tests.Cluster;

/// <summary>
/// Tests that register webhooks or change the kind on the one real API server take turns: a webhook of one would be
/// called for the pods and policies of another.
/// </summary>
[CollectionDefinition(nameof(SharedCluster))]
public sealed class SharedCluster;
