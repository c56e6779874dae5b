using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// Channels of the app through Redis, under the policy's prefix: a message goes to the server and comes from there to the clients of
/// every sidecar, this one's too. While the server is away a message reaches this sidecar's clients only.
/// </summary>
/// <remarks>Thread-safe. <see cref="Received"/> is raised on a receiving loop.</remarks>
internal sealed class NativeChannels(NativeKeyspace keyspace, NativeMark mark) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private NativeServer? _server;
    private NativeFeed? _feed;

    /// <summary>A message for this sidecar's clients, names as they know them.</summary>
    public event Action<NativeMessage>? Received;

    public static byte[] NameOf(NativeServer server, ReadOnlySpan<byte> channel) => server.NameOf("c:", channel);

    /// <summary>Subscribes; returns when the server has confirmed, or does not for a second: it is subscribed then when it is back.</summary>
    public async Task SubscribeAsync(IReadOnlyList<byte[]> names, bool isPattern)
    {
        if (Feed() is not { } feed || keyspace.Server is not { } server) return;
        var confirmed = Task.WhenAll(names.Select(name => feed.SubscribeAsync(OnServer(server, name, isPattern), isPattern)));
        await Task.WhenAny(confirmed, Task.Delay(s_patience));
    }

    public void Unsubscribe(byte[] name, bool isPattern)
    {
        if (Feed() is { } feed && keyspace.Server is { } server) feed.Unsubscribe(OnServer(server, name, isPattern), isPattern);
    }

    /// <summary>Publishes on the server; null when it is away.</summary>
    public async Task<PublishedMessage?> PublishAsync(ReadOnlyMemory<byte> channel, ReadOnlyMemory<byte> message)
    {
        if (keyspace.Server is not { } server || Feed() is not { } feed) return null;
        var comesBack = feed.IsOpen;
        var reply = await server.CallAsync(["PUBLISH"u8.ToArray(), NameOf(server, channel.Span), message], null, protocol: 3, CancellationToken.None);
        return reply.IsError ? null : new PublishedMessage(reply.Integer, comesBack);
    }

    /// <summary>Listens on the server that is there now; asked often, it does so once.</summary>
    public NativeFeed? Feed()
    {
        if (keyspace.Server is not { } server) return null;
        NativeFeed? before;
        NativeFeed now;
        lock (_gate)
        {
            if (_server == server) return _feed;
            (before, _server) = (_feed, server);
            _feed = now = server.OpenFeed();
        }

        now.Received += message => Hear(server, message);
        now.Opened += () => _ = mark.LookAsync(server);
        foreach (var (name, isPattern) in before?.Wanted ?? []) _ = now.SubscribeAsync(name, isPattern);
        _ = now.SubscribeAsync(NativeMark.ChannelOf(server), isPattern: false);
        now.Start();
        if (before is not null) _ = before.DisposeAsync().AsTask();
        return now;
    }

    public ValueTask DisposeAsync() => _feed?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Hear(NativeServer server, NativeMessage message)
    {
        if (message.Channel.AsSpan().SequenceEqual(NativeMark.ChannelOf(server)))
        {
            mark.Heard();
            return;
        }

        var prefix = NameOf(server, []);
        if (!message.Channel.AsSpan().StartsWith(prefix)) return;
        var pattern = message.Pattern is { } on ? on[OnServer(server, [], isPattern: true).Length..] : null;
        Received?.Invoke(new NativeMessage(pattern, message.Channel[prefix.Length..], message.Payload));
    }

    // In a pattern the prefix stands for itself.
    private static byte[] OnServer(NativeServer server, byte[] name, bool isPattern)
    {
        var prefix = NameOf(server, []);
        if (!isPattern) return [.. prefix, .. name];
        var escaped = new List<byte>();
        foreach (var one in prefix)
        {
            if (one is (byte)'*' or (byte)'?' or (byte)'[' or (byte)']' or (byte)'\\') escaped.Add((byte)'\\');
            escaped.Add(one);
        }

        return [.. escaped, .. name];
    }
}

/// <summary>How many sidecars a message reached, and whether it comes back to this one: not before its own feed is open.</summary>
internal readonly record struct PublishedMessage(long Reached, bool ComesBack);
