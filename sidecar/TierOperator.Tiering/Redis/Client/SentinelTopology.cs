using System.Globalization;
using System.Text;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// A primary that Sentinels watch over. Any Sentinel is asked who it is; it is asked again when the connection to the primary breaks, when a
/// server refuses writes, and every second, which finds a switch that nobody noticed.
/// </summary>
internal sealed class SentinelTopology : IRedisTopology
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_whenDoubted = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly Doorbell _bell = new();
    private readonly RedisEndpoint _endpoint;
    private readonly RedisDialer _dialer;
    private readonly TimeProvider _time;
    private readonly List<RedisNode> _sentinels;
    private volatile RedisNode? _primary;
    private volatile bool _isDoubted = true;
    private volatile RedisFault? _fault;
    private Task _loop = Task.CompletedTask;

    public SentinelTopology(RedisEndpoint endpoint, RedisDialer dialer, RedisDialer toSentinels, TimeProvider time)
    {
        (_endpoint, _dialer, _time) = (endpoint, dialer, time);
        _sentinels = [.. endpoint.Addresses.Select(address => new RedisNode(address, toSentinels, time))];
    }

    public event Action? Changed;

    public IReadOnlyList<RedisNode> Primaries => _primary is { } primary ? [primary] : [];
    public RedisFault? Fault => _primary is null ? _fault : null;

    public void Start()
    {
        foreach (var sentinel in _sentinels) sentinel.Start();
        _loop = Task.Run(RunAsync);
    }

    public RedisNode? Route(int slot) => _primary;
    public RedisNode? At(RedisAddress address) => null;

    public void Doubt()
    {
        if (_isDoubted) return;
        _isDoubted = true;
        _bell.Ring();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        foreach (var sentinel in _sentinels) await sentinel.DisposeAsync();
        if (_primary is not null) await _primary.DisposeAsync();
        _stop.Dispose();
        _bell.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync();
                await (_isDoubted ? Task.Delay(s_whenDoubted, _time, _stop.Token) : _bell.WaitAsync(s_every, _stop.Token));
            }
            catch (OperationCanceledException)
            {
                // The loop looks at the token itself.
            }
        }
    }

    private async Task RefreshAsync()
    {
        _isDoubted = false;
        if (await AskAnyAsync() is { } address)
        {
            if (_primary?.Address != address) await SwitchAsync(address);
        }
        else
        {
            _isDoubted = true;
            Changed?.Invoke();
        }

        if (_primary is { Connection: null }) _isDoubted = true;
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
    private async Task<RedisAddress?> AskAnyAsync()
    {
        var asking = _sentinels.Select(AskAsync).ToList();
        while (asking.Count > 0)
        {
            var first = await Task.WhenAny(asking);
            asking.Remove(first);
            if (await first is { } address) return address;
        }

        return null;
    }

    private async Task<RedisAddress?> AskAsync(RedisNode sentinel)
    {
        var deadline = _time.GetTimestamp() + (long)(s_patience.TotalSeconds * _time.TimestampFrequency);
        var connection = sentinel.Connection ?? await sentinel.ConnectAsync(deadline, _stop.Token);
        if (connection is null)
        {
            _fault = new RedisFault(RedisFaultKind.Disconnected, $"no Sentinel answers ({sentinel.Fault?.Text ?? "no answer in time"})");
            return null;
        }

        var call = RedisCommand.Parsed(deadline, ReadAddress, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", _endpoint.Service!);
        connection.Send(call);
        var answer = await call.Answer;
        if (answer.Fault is null && answer.Value is null) _fault = new RedisFault(RedisFaultKind.Disconnected, "the Sentinels know no service of that name: correct the url");
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
