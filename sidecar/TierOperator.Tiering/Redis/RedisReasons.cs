using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>What a fault means for the tier, and the sentence that says what to do.</summary>
internal static class RedisReasons
{
    /// <summary>ReadOnly where reads still do.</summary>
    public static RemoteHealth HealthOf(RedisFault fault) => fault.Code switch
    {
        "OOM" or "READONLY" or "MISCONF" or "NOREPLICAS" => RemoteHealth.ReadOnly,
        "ERR" when IsUnknown(fault, "EVALSHA") => RemoteHealth.ReadOnly,
        _ => RemoteHealth.Unavailable,
    };

    /// <summary>True for an answer that says something about the server rather than about the command.</summary>
    public static bool IsAboutTheServer(RedisFault fault) => fault.Code is "OOM" or "READONLY" or "MISCONF" or "NOREPLICAS" or "NOPERM" or "NOAUTH" or "WRONGPASS"
        or "LOADING" or "BUSY" or "MASTERDOWN" or "CLUSTERDOWN";

    /// <summary>True for an answer that says something about the command, and is the same however often it is sent.</summary>
    public static bool IsAboutTheCommand(RedisFault fault)
        => fault.Kind == RedisFaultKind.Server && !IsAboutTheServer(fault) && fault.Code is not ("MOVED" or "ASK" or "TRYAGAIN" or "NOSCRIPT" or "UNBLOCKED");

    public static string Of(RedisFault fault, string prefix) => fault.Kind switch
    {
        RedisFaultKind.Timeout => "The Redis server does not answer in time: see whether it is overloaded, frozen or behind a firewall.",
        RedisFaultKind.Busy => "Too many calls wait for the Redis server: it is slower than what is asked of it.",
        RedisFaultKind.Disconnected => $"The Redis server cannot be used: {fault.Text}.",
        _ => OfAnswer(fault, prefix),
    };

    private static string OfAnswer(RedisFault fault, string prefix) => fault.Code switch
    {
        "OOM" => "The Redis server has reached its maxmemory: raise it, or lower tiers.redis.capacity below it. Writes go on by themselves then.",
        "READONLY" => "The Redis server is a replica and takes no writes: name the primary, or use Sentinel or Cluster, which find it.",
        "MISCONF" => "The Redis server cannot save to its disk and takes no writes: make room there, or look at its log.",
        "NOREPLICAS" => "The Redis server has too few replicas to take writes (min-replicas-to-write): bring them back.",
        "WRONGPASS" or "NOAUTH" => "The Redis server does not take the user or the password: correct the Secret's url.",
        "NOPERM" => $"The Redis user lacks rights: grant it '~{prefix}* &{prefix}* +@read +@write +@scripting +@pubsub +@connection +info +cluster|slots'.",
        "LOADING" => "The Redis server is loading its data: it is tried again by itself.",
        "BUSY" => "The Redis server is busy with somebody's script: end it with SCRIPT KILL, or wait.",
        "MASTERDOWN" or "CLUSTERDOWN" => "The Redis servers are electing a primary, or a part of the Cluster has none: it is tried again by itself.",
        "MOVED" => "The Redis server is one of a Cluster: write topology: Cluster in the policy.",
        "DENIED" => "The Redis server is in protected mode and lets no other machine in: give it a password and name that in the Secret's url, or set protected-mode no.",
        "ERR" when fault.Text.Contains("cluster support disabled", StringComparison.OrdinalIgnoreCase) => "The Redis server is no Cluster: take topology: Cluster out of the policy, or name a Cluster's servers.",
        "ERR" when fault.Text.Contains("max number of clients", StringComparison.OrdinalIgnoreCase) => "The Redis server has no connection left: raise its maxclients, or end connections.",
        "ERR" when IsUnknown(fault, "SENTINEL") => "What the Secret's url names is no Sentinel: name the Sentinels' port (26379), or write redis:// where it is the server itself.",
        "ERR" when IsUnknown(fault, "EVALSHA") || IsUnknown(fault, "SCRIPT") => "The Redis server knows no EVALSHA or no SCRIPT, which every write needs: take their rename-command out of its configuration.",
        "ERR" when fault.Text.Contains("HELLO", StringComparison.OrdinalIgnoreCase) => "The Redis server does not know HELLO: version 6 or later is needed.",
        "ERR" when fault.Text.Contains("DB index", StringComparison.OrdinalIgnoreCase) => "The Redis server has no database of that number: correct it in the Secret's url.",
        "ERR" when fault.Text.Contains("SELECT is not allowed", StringComparison.OrdinalIgnoreCase) => "A Redis Cluster has no database but 0: leave the number out of the Secret's url.",
        var code => $"The Redis server answered with {code}: look at its log.",
    };

    private static bool IsUnknown(RedisFault fault, string command)
        => fault.Text.Contains("unknown command", StringComparison.OrdinalIgnoreCase) && fault.Text.Contains($"{command}'", StringComparison.OrdinalIgnoreCase);
}
