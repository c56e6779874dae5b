using System.Text;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// The names of what is ours on a server, all under <c>tier:NAMESPACE/POLICY:</c>. A session has two keys, its hash
/// (<c>…:s:{:SESSION}</c>) and, once deleted, its tombstone (<c>…:t:{:SESSION}</c>); and for a while perhaps a lease (<c>…:l:{:SESSION}</c>). The braces are a Cluster's hash tag: both keys share a
/// slot and sessions spread; the colon in it keeps the tag from being empty, where a session's own name begins with a brace.
/// </summary>
internal sealed class RedisKeys(string @namespace, string policy)
{
    private readonly byte[] _session = Encoding.UTF8.GetBytes(SessionsOf(@namespace, policy));
    private readonly byte[] _tombstone = Encoding.UTF8.GetBytes(TombstonesOf(@namespace, policy));
    private readonly byte[] _lease = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:l:{{:");
    private readonly byte[] _mark = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:w:{{:");

    private readonly byte[] _native = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:k:{{:");
    private readonly byte[] _standIn = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:y:{{:");

    /// <summary>Before everything of ours.</summary>
    public string Prefix { get; } = $"tier:{@namespace}/{policy}:";

    public byte[] PrefixBytes { get; } = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:");

    /// <summary>Where changes are announced.</summary>
    public byte[] Channel { get; } = Encoding.UTF8.GetBytes($"tier:{@namespace}/{policy}:changes");

    /// <summary>A key of a type that only Redis knows, or that a script has touched.</summary>
    public byte[] Native(ReadOnlySpan<byte> key) => Join(_native, key);

    /// <summary>Stands before Redis for a key that is a session: of a type that the commands which work on other types refuse.</summary>
    public byte[] StandIn(ReadOnlySpan<byte> key) => Join(_standIn, key);

    public byte[] Session(ReadOnlySpan<byte> session) => Join(_session, session);
    public byte[] Tombstone(ReadOnlySpan<byte> session) => Join(_tombstone, session);
    public byte[] Lease(ReadOnlySpan<byte> session) => Join(_lease, session);

    /// <summary>Written for a moment to learn how far replicas have followed; it lies in the session's slot.</summary>
    public byte[] Mark(ReadOnlySpan<byte> session) => Join(_mark, session);

    /// <summary>Says that the server is the one we filled. The number makes it fall into a server's slots.</summary>
    public string Marker(int number) => $"{Prefix}marker:{{{number}}}";

    /// <summary>Held by the one sidecar that trims a server.</summary>
    public string TrimmerLock(int number) => $"{Prefix}trimmer:{{{number}}}";

    /// <summary>The smallest number whose keys a server holds.</summary>
    public int NumberFor(IRedisTopology topology, RedisNode node)
    {
        for (var number = 0; number < MaxNumbers; number++)
        {
            if (topology.Route(Slot(Encoding.UTF8.GetBytes(Marker(number)))) == node) return number;
        }

        return 0;
    }

    // Slots are dealt in runs of hundreds at least: one of so many numbers falls into each.
    private const int MaxNumbers = 1000;

    /// <summary>For SCAN: the hashes of the sessions that begin with a prefix, whatever bytes that holds.</summary>
    public byte[] Pattern(ReadOnlySpan<byte> prefix)
    {
        var pattern = new List<byte>(_session.Length + (2 * prefix.Length) + 1);
        foreach (var one in Join(_session, prefix)[..^1])
        {
            if (one is (byte)'*' or (byte)'?' or (byte)'[' or (byte)']' or (byte)'\\') pattern.Add((byte)'\\');
            pattern.Add(one);
        }

        pattern.Add((byte)'*');
        return [.. pattern];
    }

    /// <summary>The session of a hash's key; false for any other key.</summary>
    public bool TryReadSession(ReadOnlySpan<byte> key, out byte[] session) => TryRead(_session, key, out session);

    /// <summary>The session of a hash's or a tombstone's key.</summary>
    public bool TryReadChanged(ReadOnlySpan<byte> key, out byte[] session) => TryRead(_session, key, out session) || TryRead(_tombstone, key, out session);

    /// <summary>What all hashes' keys and all tombstones' begin with.</summary>
    public IReadOnlyList<string> ChangedPrefixes { get; } = [SessionsOf(@namespace, policy), TombstonesOf(@namespace, policy)];

    /// <summary>The app's key behind a native one; false for any other key.</summary>
    public bool TryReadNative(ReadOnlySpan<byte> name, out byte[] key) => TryRead(_native, name, out key);

    /// <summary>Before each native key; behind it stands a closing brace.</summary>
    public ReadOnlyMemory<byte> NativePrefix => _native;

    public static int Slot(ReadOnlySpan<byte> key) => RedisSlot.Of(key);

    private static string SessionsOf(string @namespace, string policy) => $"tier:{@namespace}/{policy}:s:{{:";

    private static string TombstonesOf(string @namespace, string policy) => $"tier:{@namespace}/{policy}:t:{{:";

    private static bool TryRead(byte[] start, ReadOnlySpan<byte> key, out byte[] session)
    {
        var isOurs = key.StartsWith(start) && key[^1] == (byte)'}' && key.Length > start.Length;
        session = isOurs ? key[start.Length..^1].ToArray() : [];
        return isOurs;
    }

    private static byte[] Join(byte[] start, ReadOnlySpan<byte> session)
    {
        var key = new byte[start.Length + session.Length + 1];
        start.CopyTo(key, 0);
        session.CopyTo(key.AsSpan(start.Length));
        key[^1] = (byte)'}';
        return key;
    }
}
