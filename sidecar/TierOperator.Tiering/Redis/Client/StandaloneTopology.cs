namespace TierOperator.Tiering.Redis.Client;

/// <summary>One server, for every slot.</summary>
internal sealed class StandaloneTopology : IRedisTopology
{
    private readonly RedisNode _node;

    public StandaloneTopology(RedisAddress address, RedisDialer dialer, TimeProvider time)
    {
        _node = new RedisNode(address, dialer, time) { Changed = _ => Changed?.Invoke() };
        Primaries = [_node];
    }

    public event Action? Changed;

    public IReadOnlyList<RedisNode> Primaries { get; }
    public RedisFault? Fault => _node.Fault;
    public void Start() => _node.Start();
    public RedisNode? Route(int slot) => _node;
    public RedisNode? At(RedisAddress address) => null;

    public void Doubt()
    {
        // There is no other server to look for.
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
