using System.Text;
using Microsoft.Extensions.Logging;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis.Native;

/// <summary>
/// The policy's Redis as a server of commands: keys of types that no other tier knows, under the policy's prefix. Calls share one
/// connection for each form of replies; what blocks, watches or transacts gets a line of its own.
/// </summary>
/// <remarks>Thread-safe. Connections are opened at the first use. A failure is an answer; only a cancelled token throws.</remarks>
public sealed class NativeServer : IAsyncDisposable
{
    /// <summary>The longest reply: it is held in memory until it is passed on.</summary>
    public const int MostReplyBytes = 64 * 1024 * 1024;

    private readonly RedisTierOptions _options;
    private readonly RedisKeys _keys;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private static readonly TimeSpan s_frozenAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<NativeLink, Lazy<RedisClient>> _clients;

    internal NativeServer(RedisTierOptions options, RedisKeys keys, TimeProvider time, ILogger logger)
    {
        (_options, _keys, _time, _logger) = (options, keys, time, logger);
        var links = new[] { LinkOf(2, mayBeSlow: false), LinkOf(3, mayBeSlow: false), LinkOf(2, mayBeSlow: true), LinkOf(3, mayBeSlow: true) };
        // Distinct: a long timeout of the policy's makes the slow and the quick ones alike.
        _clients = links.Distinct().ToDictionary(link => link, link => new Lazy<RedisClient>(() => Open(link)));
    }

    /// <summary>Before each native key on the server; behind it stands <c>}</c>.</summary>
    public ReadOnlyMemory<byte> KeyPrefix => _keys.NativePrefix;

    /// <summary>Before everything of this policy.</summary>
    public ReadOnlyMemory<byte> Prefix => _keys.PrefixBytes;

    public byte[] KeyOf(ReadOnlySpan<byte> key) => _keys.Native(key);

    /// <summary>A key in the same slot that never holds anything but a string.</summary>
    public byte[] StandInOf(ReadOnlySpan<byte> key) => _keys.StandIn(key);

    public bool TryReadKey(ReadOnlySpan<byte> name, out byte[] key) => _keys.TryReadNative(name, out key);

    /// <summary>Something of this policy that is not a key of the app: channels, scripts, marks.</summary>
    public byte[] NameOf(string kind, ReadOnlySpan<byte> name = default) => [.. _keys.PrefixBytes, .. Encoding.UTF8.GetBytes(kind), .. name];

    /// <summary>How long the server may be busy with a command that is slow by its nature: a script, or work on a whole set.</summary>
    public static readonly TimeSpan LongestCommand = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command on the server that has the slot of <paramref name="near"/>; with none, on any.</summary>
    public ValueTask<NativeReply> CallAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, ReadOnlyMemory<byte>? near, int protocol, CancellationToken cancellationToken)
        => CallAsync(words, near, LinkOf(protocol, mayBeSlow: false), cancellationToken);

    /// <summary>The same for a command that may take up to <see cref="LongestCommand"/>: on a connection that others do not wait behind.</summary>
    public ValueTask<NativeReply> CallSlowAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, ReadOnlyMemory<byte>? near, int protocol, CancellationToken cancellationToken)
        => CallAsync(words, near, LinkOf(protocol, mayBeSlow: true), cancellationToken);

    private async ValueTask<NativeReply> CallAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, ReadOnlyMemory<byte>? near, NativeLink link, CancellationToken cancellationToken)
    {
        var client = ClientOf(link);
        var fault = await WaitForServerAsync(client, SlotOf(near), cancellationToken);
        if (fault is not null) return new NativeReply([], fault);
        // No deadline of its own: a server that has stopped answering is noticed by its silence.
        return PassedCall.ReplyOf(await client.ExecuteAsync(SlotOf(near), () => (RedisCall<byte[]>)new PassedCall(words), cancellationToken));
    }

    /// <summary>A connection for one user alone; null when there is none to be had, for the reason given.</summary>
    public async ValueTask<(NativeLine? Line, string? Fault)> OpenLineAsync(ReadOnlyMemory<byte>? near, int protocol, CancellationToken cancellationToken)
    {
        var link = LinkOf(protocol, mayBeSlow: true);
        var client = ClientOf(link);
        if (await WaitForServerAsync(client, SlotOf(near), cancellationToken) is { } away) return (null, away);
        var address = client.Topology.Route(SlotOf(near))!.Address;
        var (connection, fault) = await RedisTopologies.NativeDialer(_options, link, _time).DialAsync(address, null, cancellationToken);
        return connection is null ? (null, fault!.Text) : (new NativeLine(connection, client.Topology, SlotOf(near)), null);
    }

    /// <summary>Messages of the policy's channels, over a connection of their own.</summary>
    public NativeFeed OpenFeed() => new(ClientOf(LinkOf(3, mayBeSlow: false)).Topology, RedisTopologies.NativeDialer(_options, LinkOf(3, mayBeSlow: false), _time), _time);

    /// <summary>One step over the native keys of one server: the keys, and where to go on; 0 is the start and the end.</summary>
    public async ValueTask<NativeScan?> ScanAsync(int server, ulong cursor, int count, CancellationToken cancellationToken)
    {
        var client = ClientOf(LinkOf(3, mayBeSlow: false));
        if (await WaitForServerAsync(client, 0, cancellationToken) is not null) return null;
        var nodes = client.Topology.Primaries.OrderBy(node => node.Address.ToString(), StringComparer.Ordinal).ToList();
        if (server >= nodes.Count) return new NativeScan([], 0, nodes.Count);
        var scan = RedisCommand.Parsed<ScanStep>(client.DeadlineAfter(TimeSpan.FromSeconds(2)), ScanStep.Read,
            "SCAN", $"{cursor}", "MATCH", GlobOf(_keys.NativePrefix.Span) + "*", "COUNT", $"{count}");
        var answer = await client.ExecuteOnAsync(nodes[server], scan, cancellationToken);
        if (answer.Value is not { } step) return null;
        var keys = new List<byte[]>();
        foreach (var name in step.Keys)
            if (TryReadKey(name, out var key)) keys.Add(key);
        return new NativeScan(keys, ulong.Parse(step.Cursor), nodes.Count);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
            if (client.IsValueCreated) await client.Value.DisposeAsync();
    }

    private NativeLink LinkOf(int protocol, bool mayBeSlow) => new(protocol, mayBeSlow ? LongestCommand : FrozenAfter);

    /// <summary>Whoever gives the tier longer to answer means these commands too.</summary>
    private TimeSpan FrozenAfter => _options.Remote.Timeout > s_frozenAfter ? _options.Remote.Timeout : s_frozenAfter;

    private RedisClient ClientOf(NativeLink link) => _clients[link].Value;

    private RedisClient Open(NativeLink link)
    {
#pragma warning disable CA2000 // the client owns it
        var client = new RedisClient(RedisTopologies.Create(_options, RedisTopologies.NativeDialer(_options, link, _time), _time, _logger), _time);
#pragma warning restore CA2000
        client.Topology.Start();
        return client;
    }

    private static int SlotOf(ReadOnlyMemory<byte>? near) => near is { } key ? RedisKeys.Slot(key.Span) : 0;

    // At the first use nothing is connected yet; a server that was found dead costs nothing.
    private async ValueTask<string?> WaitForServerAsync(RedisClient client, int slot, CancellationToken cancellationToken)
    {
        var deadline = client.DeadlineAfter(s_firstConnect);
        while (client.Topology.Route(slot) is not { } node || await node.ConnectAsync(client.DeadlineAfter(_options.Remote.Timeout), cancellationToken) is null)
        {
            if (client.Topology.Fault is { } fault) return RedisReasons.Of(fault, _keys.Prefix);
            if (_time.GetTimestamp() >= deadline) return "the Redis tier has not been reached yet";
            await Task.Delay(TimeSpan.FromMilliseconds(5), _time, cancellationToken);
        }

        return null;
    }

    private static readonly TimeSpan s_firstConnect = TimeSpan.FromSeconds(2);

    private static string GlobOf(ReadOnlySpan<byte> literal)
    {
        var pattern = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetString(literal)) pattern.Append(one is '*' or '?' or '[' or ']' or '\\' ? "\\" : "").Append(one);
        return pattern.ToString();
    }
}

/// <summary>Keys met in one step, where to go on, and how many servers there are.</summary>
public sealed record NativeScan(IReadOnlyList<byte[]> Keys, ulong Cursor, int Servers);
