namespace TierOperator.Tiering.Redis.Client;

/// <summary>Knows which server has a slot: one server, the one that Sentinels name, or a Cluster's.</summary>
/// <remarks>Thread-safe.</remarks>
internal interface IRedisTopology : IAsyncDisposable
{
    /// <summary>Raised when a server comes, goes, connects or breaks; must return at once.</summary>
    event Action? Changed;

    /// <summary>The servers that take writes, as known now.</summary>
    IReadOnlyList<RedisNode> Primaries { get; }

    /// <summary>Why there is no server; null where there is one.</summary>
    RedisFault? Fault { get; }

    void Start();

    /// <summary>The server of a slot; null while none is known.</summary>
    RedisNode? Route(int slot);

    /// <summary>True: the slot's server is one of several, and another one is connected.</summary>
    bool IsPartOnly(int slot) => Route(slot) is var node && Primaries is { Count: > 1 } primaries && primaries.Any(other => other != node && other.Connection is not null);

    /// <summary>The server that a redirection names; null where redirections mean nothing.</summary>
    RedisNode? At(RedisAddress address);

    /// <summary>A server answered that it is no longer the one, or did not answer: look anew, soon.</summary>
    void Doubt();
}
