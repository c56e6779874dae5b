using System.Text;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>Channels, patterns and shard channels with their subscribers, within this sidecar. Belongs to the event thread.</summary>
internal sealed class PubSub(RespServer server)
{
    public Topics Channels { get; } = new();
    public Topics Patterns { get; } = new();
    public Topics ShardChannels { get; } = new();

    /// <summary>Delivers a message; how many got it.</summary>
    public long Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        var receivers = 0L;
        foreach (var subscriber in Channels.Of(channel))
        {
            Push(subscriber, "message"u8, default, channel, message);
            receivers++;
        }

        foreach (var (pattern, subscribers) in Patterns.All)
        {
            if (!GlobPattern.IsMatch(pattern, channel)) continue;
            foreach (var subscriber in subscribers)
            {
                Push(subscriber, "pmessage"u8, pattern, channel, message);
                receivers++;
            }
        }

        return receivers;
    }

    /// <summary>A message that came through Redis: each of this sidecar's own clients gets it as it has subscribed.</summary>
    public void Deliver(NativeMessage message)
    {
        if (message.Pattern is { } pattern)
            foreach (var subscriber in Patterns.Of(pattern)) Push(subscriber, "pmessage"u8, pattern, message.Channel, message.Payload);
        else
            foreach (var subscriber in Channels.Of(message.Channel)) Push(subscriber, "message"u8, default, message.Channel, message.Payload);
    }

    /// <summary>How many of this sidecar's clients a message would reach.</summary>
    public long CountReceivers(byte[] channel)
        => Channels.Of(channel).Count + Patterns.All.Where(topic => GlobPattern.IsMatch(topic.Name, channel)).Sum(topic => (long)topic.Subscribers.Count);

    public long PublishToShard(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        var receivers = 0L;
        foreach (var subscriber in ShardChannels.Of(channel))
        {
            Push(subscriber, "smessage"u8, default, channel, message);
            receivers++;
        }

        return receivers;
    }

    /// <summary>Publishes what happened to a key, as <c>notify-keyspace-events</c> asks.</summary>
    public void Notify(in KeyEvent happened)
    {
        var wanted = server.Settings.Events;
        if ((wanted & happened.Class) == 0) return;
        var name = Encoding.ASCII.GetBytes(happened.Name);
        if (wanted.HasFlag(KeyEventClass.Keyspace)) Publish([.. "__keyspace@0__:"u8, .. happened.Key], name);
        if (wanted.HasFlag(KeyEventClass.Keyevent)) Publish([.. "__keyevent@0__:"u8, .. name], happened.Key);
    }

    public void Forget(RespConnection connection)
    {
        foreach (var channel in connection.State.Channels) Leave(Channels, channel, connection);
        foreach (var pattern in connection.State.Patterns) Leave(Patterns, pattern, connection);
        foreach (var channel in connection.State.ShardChannels) ShardChannels.Remove(channel, connection);
        connection.State.Channels.Clear();
        connection.State.Patterns.Clear();
        connection.State.ShardChannels.Clear();
    }

    /// <summary>Removes a subscriber; the last one's leaving is told to Redis.</summary>
    public void Leave(Topics topics, byte[] name, RespConnection connection)
    {
        topics.Remove(name, connection);
        if (topics != ShardChannels && topics.Of(name).Count == 0) server.Native?.Channels.Unsubscribe(name, isPattern: topics == Patterns);
    }

    private static void Push(RespConnection to, ReadOnlySpan<byte> kind, byte[]? pattern, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        var reply = to.PushWriter();
        reply.Push(pattern is null ? 3 : 4);
        reply.Bulk(kind);
        if (pattern is not null) reply.Bulk(pattern);
        reply.Bulk(channel);
        reply.Bulk(message);
        to.SendSoon();
    }
}

/// <summary>Names and who subscribed to them, in the order of subscription.</summary>
internal sealed class Topics
{
    private readonly Dictionary<byte[], List<RespConnection>> _topics = new(ByteComparer.Instance);

    public int Count => _topics.Count;
    public IEnumerable<(byte[] Name, List<RespConnection> Subscribers)> All => _topics.Select(topic => (topic.Key, topic.Value));

    public IReadOnlyList<RespConnection> Of(ReadOnlySpan<byte> name)
        => _topics.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var subscribers) ? subscribers : [];

    public void Add(byte[] name, RespConnection subscriber)
    {
        if (!_topics.TryGetValue(name, out var subscribers)) _topics[name] = subscribers = [];
        subscribers.Add(subscriber);
    }

    public void Remove(byte[] name, RespConnection subscriber)
    {
        if (!_topics.TryGetValue(name, out var subscribers)) return;
        subscribers.Remove(subscriber);
        if (subscribers.Count == 0) _topics.Remove(name);
    }
}
