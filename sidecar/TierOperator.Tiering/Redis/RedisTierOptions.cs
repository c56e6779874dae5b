using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>What the Redis tier is told beside what every remote tier is.</summary>
public sealed record RedisTierOptions
{
    public required RemoteTierOptions Remote { get; init; }
    public required RedisEndpoint Endpoint { get; init; }

    /// <summary>How certificates are verified, where the endpoint uses TLS.</summary>
    public RedisTls Tls { get; init; } = new();

    /// <summary>What the policy's sessions may take of the server, in bytes as the server counts them; 0: no limit.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>False: changes are not announced to other sidecars (<c>sync.backplane: Off</c>).</summary>
    public bool Announces { get; init; } = true;

    /// <summary>False: the server's own word of changes is not asked for (<c>sync.backplane: PubSub</c>).</summary>
    public bool Tracks { get; init; } = true;
}
