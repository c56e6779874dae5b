using System.Globalization;
using System.Text;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Leases as keys that end by themselves (<c>…:l:{:SESSION}</c>), with the owner as value; an empty value says that waiting is in vain.
/// Compared and changed in one script each, because between two commands the lease may have passed to another.
/// </summary>
internal static class RedisLeases
{
    private static readonly byte[] s_take = """
        local owner = redis.call('GET', KEYS[1])
        if owner == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end
        if owner == '' then return 3 end
        if owner then return 2 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
        """u8.ToArray();

    private static readonly byte[] s_end = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 2 end
        if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], '', 'PX', ARGV[2]) else redis.call('DEL', KEYS[1]) end
        return 1
        """u8.ToArray();

    public static RedisCall<LeaseAnswer> Take(byte[] key, LeaseClaim claim, long deadline) => Call(s_take, key, claim, claim.Lasts, deadline);

    public static RedisCall<LeaseAnswer> End(byte[] key, LeaseClaim claim, TimeSpan inVainFor, long deadline) => Call(s_end, key, claim, inVainFor, deadline);

    private static RedisCommand<LeaseAnswer> Call(byte[] script, byte[] key, LeaseClaim claim, TimeSpan span, long deadline)
        => new(Read, "EVAL"u8.ToArray(), script, "1"u8.ToArray(), key, claim.Owner, Milliseconds(span)) { DeadlineAt = deadline };

    private static byte[] Milliseconds(TimeSpan span) => Encoding.ASCII.GetBytes(((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));

    private static LeaseAnswer Read(ref RespReader reader)
    {
        reader.Next();
        return RespNumber.TryParse(reader.Value, out var number) ? (LeaseAnswer)number : LeaseAnswer.Unavailable;
    }
}
