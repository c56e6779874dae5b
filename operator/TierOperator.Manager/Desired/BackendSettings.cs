namespace TierOperator.Manager.Desired;

/// <summary>What every backend is made with, whatever the policy says.</summary>
/// <param name="RedisImage">The image without its tag: the policy's version is the tag.</param>
/// <param name="PostgresImage">The same for PostgreSQL.</param>
/// <param name="ClusterDomain">The DNS suffix of Services.</param>
internal sealed record BackendSettings(
    string RedisImage = "docker.io/library/redis", string PostgresImage = "docker.io/library/postgres", string ClusterDomain = "cluster.local");
