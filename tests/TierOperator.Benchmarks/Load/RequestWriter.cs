using System.Text;

namespace TierOperator.Benchmarks.Load;

/// <summary>
/// Writes requests for items into a buffer of its own, one at a time. With <c>itemsPerSession</c> K, key n is item n mod K
/// of session n div K.
/// </summary>
internal sealed class RequestWriter(string host, string sessionPrefix, int itemsPerSession, int valueBytes)
{
    private readonly byte[] tail = Encoding.ASCII.GetBytes($" HTTP/1.1\r\nHost: {host}\r\n");
    private readonly byte[] bodyHead = Encoding.ASCII.GetBytes($"Content-Type: application/octet-stream\r\nContent-Length: {valueBytes}\r\n\r\n");
    private readonly byte[] buffer = new byte[1024 + valueBytes];
    private readonly byte[] path = Encoding.ASCII.GetBytes(" /v1/sessions/" + sessionPrefix);
    private int length;

    public ReadOnlyMemory<byte> Get(long key)
    {
        Start("GET"u8, key);
        Append("\r\n"u8);
        return buffer.AsMemory(0, length);
    }

    /// <summary>A put whose body is random, so that no compression makes it smaller than it says.</summary>
    public ReadOnlyMemory<byte> Put(long key, Random random)
    {
        Start("PUT"u8, key);
        Append(bodyHead);
        RandomBlock.CopyTo(buffer.AsSpan(length, valueBytes), random);
        length += valueBytes;
        return buffer.AsMemory(0, length);
    }

    private void Start(ReadOnlySpan<byte> verb, long key)
    {
        length = 0;
        Append(verb);
        Append(path);
        Append(key / itemsPerSession);
        Append("/items/"u8);
        Append(key % itemsPerSession);
        Append(tail);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    private void Append(long number)
    {
        _ = number.TryFormat(buffer.AsSpan(length), out var written);
        length += written;
    }
}
