using System.Buffers.Binary;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// Numbers the announcements that go over one connection. A server handles them in order, and passes them on in order, so whoever misses a
/// number has missed an announcement.
/// </summary>
/// <remarks>Used under the connection's lock only.</remarks>
internal sealed class RedisLane(TimeProvider time)
{
    /// <summary>Lane (8 bytes), number (4), age in milliseconds (4), node (4), all with the most significant byte first.</summary>
    public const int HeadBytes = 20;

    private readonly ulong _id = (ulong)Random.Shared.NextInt64();
    private readonly long _bornAt = time.GetTimestamp();
    private uint _number;

    /// <summary>
    /// Takes the next number. The age tells a listener whether it has been there from the first number on; being a duration, it needs no
    /// clocks that agree.
    /// </summary>
    public void WriteHead(Span<byte> head, uint node)
    {
        BinaryPrimitives.WriteUInt64BigEndian(head, _id);
        BinaryPrimitives.WriteUInt32BigEndian(head[8..], ++_number);
        BinaryPrimitives.WriteUInt32BigEndian(head[12..], (uint)Math.Min(time.GetElapsedTime(_bornAt).TotalMilliseconds, uint.MaxValue));
        BinaryPrimitives.WriteUInt32BigEndian(head[16..], node);
    }
}
