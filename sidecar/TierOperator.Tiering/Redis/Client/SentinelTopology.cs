using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// A primary that Sentinels watch over. Any Sentinel is asked who it is; it is asked again when the connection to the primary breaks, when a
/// server refuses writes, and every second, which finds a switch that nobody noticed.
/// </summary>
internal sealed class SentinelTopology : IRedisTopology
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly TopologyWatch _watch;
    private readonly RedisEndpoint _endpoint;
    private readonly RedisDialer _dialer;
    private readonly TimeProvider _time;
    private readonly List<RedisNode> _sentinels;
    private volatile RedisNode? _primary;
    private volatile RedisFault? _fault;

    public SentinelTopology(RedisEndpoint endpoint, RedisDialer dialer, RedisDialer toSentinels, TimeProvider time, ILogger logger)
    {
        (_endpoint, _dialer, _time) = (endpoint, dialer, time);
        _watch = new TopologyWatch(RefreshAsync, s_every, time, logger);
        _sentinels = [.. endpoint.Addresses.Select(address => new RedisNode(address, toSentinels, time))];
    }

    public event Action? Changed;

    public IReadOnlyList<RedisNode> Primaries => _primary is { } primary ? [primary] : [];
    public RedisFault? Fault => _primary is null ? _fault : null;

    public void Start()
    {
        foreach (var sentinel in _sentinels) sentinel.Start();
        _watch.Start();
    }

    public RedisNode? Route(int slot) => _primary;
    public RedisNode? At(RedisAddress address) => null;

    public void Doubt() => _watch.Doubt();

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        foreach (var sentinel in _sentinels) await sentinel.DisposeAsync();
        if (_primary is not null) await _primary.DisposeAsync();
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (await AskAnyAsync(cancellationToken) is { } address)
        {
            if (_primary?.Address != address) await SwitchAsync(address);
        }
        else
        {
            _watch.Doubt();
            Changed?.Invoke();
        }

        if (_primary is { Connection: null }) _watch.Doubt();
    }

    private async Task SwitchAsync(RedisAddress address)
    {
        var before = _primary;
        var node = new RedisNode(address, _dialer, _time) { Changed = OnPrimaryChanged };
        _primary = node;
        node.Start();
        Changed?.Invoke();
        if (before is not null) await before.DisposeAsync();
    }

    private void OnPrimaryChanged(RedisNode node)
    {
        if (node.Connection is null) Doubt();
        Changed?.Invoke();
    }

    // All at once, and the first answer counts: one of them may be frozen.
    private async Task<RedisAddress?> AskAnyAsync(CancellationToken cancellationToken)
    {
        var asking = _sentinels.Select(sentinel => AskAsync(sentinel, cancellationToken)).ToList();
        while (asking.Count > 0)
        {
            var first = await Task.WhenAny(asking);
            asking.Remove(first);
            if (await first is { } address) return address;
        }

        return null;
    }

    private async Task<RedisAddress?> AskAsync(RedisNode sentinel, CancellationToken cancellationToken)
    {
        var deadline = _time.DeadlineAfter(s_patience);
        var connection = sentinel.Connection ?? await sentinel.ConnectAsync(deadline, cancellationToken);
        if (connection is null)
        {
            _fault = sentinel.Fault is { Code: "NOAUTH" or "WRONGPASS" }
                ? new RedisFault(RedisFaultKind.Disconnected, "the Sentinels take another password, or want one: give sentinel_password in the url (and sentinel_user, where they have users)")
                : new RedisFault(RedisFaultKind.Disconnected, $"no Sentinel answers ({sentinel.Fault?.Text ?? "no answer in time"})");
            return null;
        }

        var call = RedisCommand.Parsed(deadline, ReadAddress, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", _endpoint.Service!);
        connection.Send(call);
        var answer = await call.Answer;
        if (answer.Fault is { Code: "NOAUTH" })
            _fault = new RedisFault(RedisFaultKind.Disconnected, "the Sentinels want a password: give sentinel_password in the url");
        else if (answer.Fault is null && answer.Value is null) _fault = new RedisFault(RedisFaultKind.Disconnected, "the Sentinels know no service of that name: correct the url");
        else if (answer.Fault is { } fault) _fault = fault;
        return answer.Value;
    }

    private static RedisAddress? ReadAddress(ref RespReader reader)
    {
        if (reader.ReadCount() != 2) return null;
        var host = Encoding.UTF8.GetString(reader.ReadBytes());
        return new RedisAddress(host, int.Parse(Encoding.ASCII.GetString(reader.ReadBytes()), CultureInfo.InvariantCulture));
    }
}
