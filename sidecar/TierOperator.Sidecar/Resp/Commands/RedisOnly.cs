using System.Collections.Frozen;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>Commands of Redis 7.0 whose data only a Redis tier can hold.</summary>
internal static class RedisOnly
{
    private static readonly FrozenDictionary<string, string> s_types = Named(
        ("lists", "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx"),
        ("sets", "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem sscan sunion sunionstore"),
        ("sorted sets", "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore"),
        ("streams", "xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim"),
        ("geo sets", "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore"),
        ("HyperLogLogs", "pfadd pfcount pfmerge"),
        ("scripts", "eval eval_ro evalsha evalsha_ro script"),
        ("collections", "sort sort_ro"));

    public static IEnumerable<string> Names => s_types.Keys;

    /// <summary>What the command works on; null when it is none of these.</summary>
    public static string? TypeOf(string command) => s_types.GetValueOrDefault(command);

    /// <summary>FUNCTION and what runs functions: Redis has one set of them for all its users.</summary>
    public static bool IsOfWholeServer(string command)
        => command.ToLowerInvariant() is "function" or "fcall" or "fcall_ro";

    private static FrozenDictionary<string, string> Named(params (string Type, string Commands)[] groups)
        => groups.SelectMany(group => group.Commands.Split(' ').Select(command => KeyValuePair.Create(command, group.Type)))
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
