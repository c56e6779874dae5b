using System.Text;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>INFO: Redis' sections with what is known here, and a section of our own, <c># Tiers</c>.</summary>
internal static class InfoCommand
{
    public static IReadOnlyList<Command> Commands { get; } = [Command.Of("info", -1, CommandFlags.None, Tell)];

    private static readonly (string Name, Action<RespServer, StringBuilder> Write)[] s_sections =
    [
        ("server", Server), ("clients", Clients), ("memory", Memory), ("stats", Stats), ("replication", Replication), ("keyspace", Keyspace), ("tiers", Tiers),
    ];

    private static readonly string[] s_all = ["all", "everything", "default"];

    private static void Tell(RespConnection connection, RespArguments arguments)
    {
        var asked = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 1; i < arguments.Count; i++) asked.Add(arguments.Text(i));
        var isAll = asked.Count == 0 || asked.Overlaps(s_all);
        var text = new StringBuilder();
        foreach (var (name, write) in s_sections)
        {
            if (!isAll && !asked.Contains(name)) continue;
            if (text.Length > 0) text.Append("\r\n");
            text.Append("# ").Append(char.ToUpperInvariant(name[0])).Append(name.AsSpan(1)).Append("\r\n");
            write(connection.Server, text);
        }

        connection.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Line(StringBuilder text, string name, object value) => text.Append(name).Append(':').Append(value).Append("\r\n");

    private static void Server(RespServer server, StringBuilder text)
    {
        Line(text, "redis_version", Hello.RedisVersion);
        Line(text, "redis_mode", "standalone");
        Line(text, "server_name", "tieroperator");
        Line(text, "process_id", Environment.ProcessId);
        Line(text, "tcp_port", server.Address.Port);
        Line(text, "uptime_in_seconds", (Environment.TickCount64 - server.Statistics.StartedMs) / 1000);
    }

    private static void Clients(RespServer server, StringBuilder text)
    {
        Line(text, "connected_clients", server.ConnectionCount);
        Line(text, "maxclients", server.Settings.MaxClients);
        Line(text, "tracking_clients", server.Tracking.Clients);
        Line(text, "pubsub_clients", server.Connections.Count(client => client.State.IsSubscribed));
    }

    private static void Memory(RespServer server, StringBuilder text)
    {
        var status = server.Engine.Status();
        Line(text, "used_memory", status.Tiers.Where(tier => tier.Name == "memory").Sum(tier => tier.UsedBytes));
        Line(text, "used_memory_rss", Environment.WorkingSet);
        Line(text, "maxmemory", server.Engine.Policy.Memory?.CapacityBytes ?? 0);
    }

    private static void Stats(RespServer server, StringBuilder text)
    {
        var (statistics, status) = (server.Statistics, server.Engine.Status());
        Line(text, "total_connections_received", statistics.Connections);
        Line(text, "total_commands_processed", statistics.Commands);
        Line(text, "total_net_input_bytes", statistics.InputBytes);
        Line(text, "rejected_connections", statistics.Rejected);
        Line(text, "expired_keys", status.Expirations);
        Line(text, "evicted_keys", status.Evictions);
        Line(text, "keyspace_hits", status.Tiers.Sum(tier => tier.Hits));
        Line(text, "keyspace_misses", status.Misses);
        Line(text, "pubsub_channels", server.PubSub.Channels.Count);
        Line(text, "pubsub_patterns", server.PubSub.Patterns.Count);
        Line(text, "tracking_total_keys", server.Tracking.Keys);
        Line(text, "total_error_replies", statistics.Errors);
        Line(text, "client_output_buffer_limit_disconnections", statistics.OutputCutOffs);
    }

    private static void Replication(RespServer server, StringBuilder text)
    {
        Line(text, "role", "master");
        Line(text, "connected_slaves", 0);
    }

    private static void Keyspace(RespServer server, StringBuilder text)
    {
        var sessions = server.Engine.Status().Tiers.Select(tier => tier.Sessions).DefaultIfEmpty().Max();
        if (sessions > 0) Line(text, "db0", $"keys={sessions},expires=0,avg_ttl=0");
    }

    private static void Tiers(RespServer server, StringBuilder text)
    {
        var status = server.Engine.Status();
        Line(text, "policy", server.Engine.Policy.Name);
        Line(text, "conditional_scope", status.ConditionalScope);
        foreach (var tier in status.Tiers)
            Line(text, $"tier_{tier.Name}", $"state={tier.State},used_bytes={tier.UsedBytes},capacity_bytes={tier.CapacityBytes},keys={tier.Sessions},hits={tier.Hits}");
    }
}
