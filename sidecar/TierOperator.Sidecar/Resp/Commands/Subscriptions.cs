using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>SUBSCRIBE and its kin, PUBLISH, PUBSUB.</summary>
internal static class Subscriptions
{
    private const CommandFlags Usual = CommandFlags.PubSub | CommandFlags.WhileSubscribed;

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Of("subscribe", -2, Usual, (connection, arguments) => Add(connection, arguments, Kind.Channel)),
        Command.Of("psubscribe", -2, Usual, (connection, arguments) => Add(connection, arguments, Kind.Pattern)),
        Command.Of("ssubscribe", -2, Usual, (connection, arguments) => Add(connection, arguments, Kind.Shard)),
        Command.Of("unsubscribe", -1, Usual, (connection, arguments) => Remove(connection, arguments, Kind.Channel)),
        Command.Of("punsubscribe", -1, Usual, (connection, arguments) => Remove(connection, arguments, Kind.Pattern)),
        Command.Of("sunsubscribe", -1, Usual, (connection, arguments) => Remove(connection, arguments, Kind.Shard)),
        Command.Of("publish", 3, CommandFlags.PubSub | CommandFlags.Fast, (connection, arguments) => connection.Server.Publish(connection, arguments)),
        Command.Of("spublish", 3, CommandFlags.PubSub | CommandFlags.Fast, (connection, arguments) => connection.Reply.Integer(connection.Server.PubSub.PublishToShard(arguments[1], arguments[2]))),
        new("pubsub", -2, CommandFlags.PubSub)
        {
            Subcommands =
            [
                Command.Of("pubsub|channels", -2, CommandFlags.PubSub, (connection, arguments) => List(connection, arguments, connection.Server.PubSub.Channels)),
                Command.Of("pubsub|numsub", -2, CommandFlags.PubSub, (connection, arguments) => Count(connection, arguments, connection.Server.PubSub.Channels)),
                Command.Of("pubsub|numpat", 2, CommandFlags.PubSub, (connection, _) => connection.Reply.Integer(connection.Server.PubSub.Patterns.Count)),
                Command.Of("pubsub|shardchannels", -2, CommandFlags.PubSub, (connection, arguments) => List(connection, arguments, connection.Server.PubSub.ShardChannels)),
                Command.Of("pubsub|shardnumsub", -2, CommandFlags.PubSub, (connection, arguments) => Count(connection, arguments, connection.Server.PubSub.ShardChannels)),
                Command.Of("pubsub|help", 2, CommandFlags.None, (connection, _) => HelpText.Write(connection, "PUBSUB",
                    "CHANNELS [<pattern>]", "NUMPAT", "NUMSUB [<channel> ...]", "SHARDCHANNELS [<pattern>]", "SHARDNUMSUB [<shardchannel> ...]")),
            ],
        },
    ];

    /// <summary>What one client may subscribe to, so that its memory is bounded.</summary>
    private const int MostPerClient = 100_000;

    private enum Kind { Channel, Pattern, Shard }

    private static (HashSet<byte[]> Own, Topics Topics) PlacesOf(RespConnection connection, Kind kind) => kind switch
    {
        Kind.Channel => (connection.State.Channels, connection.Server.PubSub.Channels),
        Kind.Pattern => (connection.State.Patterns, connection.Server.PubSub.Patterns),
        _ => (connection.State.ShardChannels, connection.Server.PubSub.ShardChannels),
    };

    private static void Add(RespConnection connection, RespArguments arguments, Kind kind)
    {
        var (own, topics) = PlacesOf(connection, kind);
        if (own.Count + arguments.Count > MostPerClient)
        {
            connection.Reply.Error($"ERR a client may have {MostPerClient} subscriptions: use a pattern");
            return;
        }

        var names = new List<byte[]>();
        for (var i = 1; i < arguments.Count; i++) names.Add(arguments[i].ToArray());
        if (kind != Kind.Shard && connection.Server.Native is { } native)
            connection.Server.Elsewhere(connection, async () => await native.Channels.SubscribeAsync(names, kind == Kind.Pattern), () => AddNow(connection, names, kind));
        else AddNow(connection, names, kind);
    }

    private static void AddNow(RespConnection connection, List<byte[]> names, Kind kind)
    {
        if (connection.IsClosed) return;
        var (own, topics) = PlacesOf(connection, kind);
        foreach (var name in names)
        {
            if (own.Add(name)) topics.Add(name, connection);
            Confirm(connection, kind, isAdded: true, name);
        }
    }

    private static void Remove(RespConnection connection, RespArguments arguments, Kind kind)
    {
        var (own, topics) = PlacesOf(connection, kind);
        var names = new List<byte[]>();
        for (var i = 1; i < arguments.Count; i++) names.Add(arguments[i].ToArray());
        if (arguments.Count == 1) names.AddRange(own);
        foreach (var name in names)
        {
            if (own.Remove(name)) connection.Server.PubSub.Leave(topics, name, connection);
            Confirm(connection, kind, isAdded: false, name);
        }

        if (names.Count == 0) Confirm(connection, kind, isAdded: false, null);
    }

    private static void Confirm(RespConnection connection, Kind kind, bool isAdded, byte[]? name)
    {
        var (reply, state) = (connection.Reply, connection.State);
        reply.Push(3);
        reply.Bulk((kind switch { Kind.Channel => "", Kind.Pattern => "p", _ => "s" }) + (isAdded ? "subscribe" : "unsubscribe"));
        if (name is null) reply.Null();
        else reply.Bulk(name);
        reply.Integer(kind == Kind.Shard ? state.ShardChannels.Count : state.Channels.Count + state.Patterns.Count);
    }

    private static void List(RespConnection connection, RespArguments arguments, Topics topics)
    {
        if (arguments.Count > 3)
        {
            connection.Reply.Error(Errors.UnknownSubcommand(arguments));
            return;
        }

        var pattern = arguments.Count == 3 ? arguments[2].ToArray() : null;
        var names = topics.All.Select(topic => topic.Name).Where(name => pattern is null || GlobPattern.IsMatch(pattern, name)).ToList();
        connection.Reply.Array(names.Count);
        foreach (var name in names) connection.Reply.Bulk(name);
    }

    private static void Count(RespConnection connection, RespArguments arguments, Topics topics)
    {
        connection.Reply.Array((arguments.Count - 2) * 2);
        for (var i = 2; i < arguments.Count; i++)
        {
            connection.Reply.Bulk(arguments[i]);
            connection.Reply.Integer(topics.Of(arguments[i]).Count);
        }
    }
}
