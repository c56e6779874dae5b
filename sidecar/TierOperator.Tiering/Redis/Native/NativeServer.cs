using System.Text;
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
    private readonly Lazy<RedisClient> _two;
    private readonly Lazy<RedisClient> _three;

    internal NativeServer(RedisTierOptions options, RedisKeys keys, TimeProvider time)
    {
        (_options, _keys, _time) = (options, keys, time);
        (_two, _three) = (new Lazy<RedisClient>(() => Open(2)), new Lazy<RedisClient>(() => Open(3)));
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

    /// <summary>Runs a command on the server that has the slot of <paramref name="near"/>; with none, on any.</summary>
    public async ValueTask<NativeReply> CallAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> words, ReadOnlyMemory<byte>? near, int protocol, CancellationToken cancellationToken)
    {
        var client = ClientOf(protocol);
        var fault = await WaitForServerAsync(client, SlotOf(near), cancellationToken);
        if (fault is not null) return new NativeReply([], fault);
        // No deadline of its own: it may be slow by its nature, and a server that has stopped answering is noticed after a second.
        return PassedCall.ReplyOf(await client.ExecuteAsync(SlotOf(near), () => (RedisCall<byte[]>)new PassedCall(words), cancellationToken));
    }

    /// <summary>A connection for one user alone; null when there is none to be had, for the reason given.</summary>
    public async ValueTask<(NativeLine? Line, string? Fault)> OpenLineAsync(ReadOnlyMemory<byte>? near, int protocol, CancellationToken cancellationToken)
    {
        var client = ClientOf(protocol);
        if (await WaitForServerAsync(client, SlotOf(near), cancellationToken) is { } away) return (null, away);
        var address = client.Topology.Route(SlotOf(near))!.Address;
        var (connection, fault) = await RedisTopologies.NativeDialer(_options, protocol, _time).DialAsync(address, null, cancellationToken);
        return connection is null ? (null, fault!.Text) : (new NativeLine(connection, client.Topology, SlotOf(near)), null);
    }

    /// <summary>Messages of the policy's channels, over a connection of their own.</summary>
    public NativeFeed OpenFeed() => new(ClientOf(3).Topology, RedisTopologies.NativeDialer(_options, 3, _time), _time);

    /// <summary>One step over the native keys of one server: the keys, and where to go on; 0 is the start and the end.</summary>
    public async ValueTask<NativeScan?> ScanAsync(int server, ulong cursor, int count, CancellationToken cancellationToken)
    {
        var client = ClientOf(3);
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
        if (_two.IsValueCreated) await _two.Value.DisposeAsync();
        if (_three.IsValueCreated) await _three.Value.DisposeAsync();
    }

    private RedisClient ClientOf(int protocol) => protocol == 3 ? _three.Value : _two.Value;

    private RedisClient Open(int protocol)
    {
#pragma warning disable CA2000 // the client owns it
        var client = new RedisClient(RedisTopologies.Create(_options, RedisTopologies.NativeDialer(_options, protocol, _time), _time), _time);
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
