using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace TierOperator.Tiering.Disk;

/// <summary>AES-256-GCM for one segment.</summary>
/// <remarks>
/// The key is derived (HKDF-SHA256) from the ring's key and the segment's random 128-bit identity; the nonce is the
/// offset of the ciphertext in the segment. A segment writes each offset at most once in its life: after a failed write
/// it is given up, a recycled file gets a new identity. So no nonce is used twice under one key, in any store that
/// shares the ring, and a ciphertext moved to another place or segment does not open.
/// </remarks>
internal sealed class SegmentCipher(ReadOnlySpan<byte> ringKey, ReadOnlySpan<byte> segmentId) : IDisposable
{
    public const int TagBytes = 16;

    private readonly byte[] _key = KeyRing.Derive(ringKey, segmentId, "tier segment 1");

    // AesGcm is not documented as thread-safe.
    private readonly ConcurrentBag<AesGcm> _idle = [];

    /// <summary>The target is <see cref="TagBytes"/> longer than the source and may begin at the same place.</summary>
    public void Seal(long offset, ReadOnlySpan<byte> plain, Span<byte> target)
    {
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce, offset);
        var aes = Rent();
        aes.Encrypt(nonce, plain, target[..plain.Length], target.Slice(plain.Length, TagBytes));
        _idle.Add(aes);
    }

    public bool TryOpen(long offset, ReadOnlySpan<byte> sealedBytes, Span<byte> target)
    {
        if (sealedBytes.Length < TagBytes) return false;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce, offset);
        var aes = Rent();
        try
        {
            var length = sealedBytes.Length - TagBytes;
            aes.Decrypt(nonce, sealedBytes[..length], sealedBytes[length..], target[..length]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            _idle.Add(aes);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var aes)) aes.Dispose();
    }

    private AesGcm Rent() => _idle.TryTake(out var aes) ? aes : new AesGcm(_key, TagBytes);

    private static void WriteNonce(Span<byte> nonce, long offset)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce[4..], offset);
    }
}
