using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

public enum RedisTopologyKind { Standalone, Sentinel, Cluster }

/// <summary>Where a Redis is and as whom to go there. Its text holds no password.</summary>
public sealed record RedisEndpoint
{
    public required RedisTopologyKind Topology { get; init; }

    /// <summary>The server; or some of the Sentinels, or of the Cluster's servers.</summary>
    public required IReadOnlyList<RedisAddress> Addresses { get; init; }
    public string? User { get; init; }
    public string? Password { get; init; }
    public int Database { get; init; }
    public bool UsesTls { get; init; }

    /// <summary>The name under which the Sentinels know the service.</summary>
    public string? Service { get; init; }

    /// <summary>The Sentinels' own user and password, where they ask for one.</summary>
    public string? SentinelUser { get; init; }
    public string? SentinelPassword { get; init; }

    public override string ToString() => $"{Topology} {string.Join(',', Addresses)}{(Service is null ? "" : "/" + Service)}{(UsesTls ? " (TLS)" : "")}";
}
