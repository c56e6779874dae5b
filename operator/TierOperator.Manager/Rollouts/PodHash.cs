using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TierOperator.Manager.Rollouts;

/// <summary>
/// A pod's place in every rollout: the first four bytes of the SHA-256 of its UID, big-endian. The sidecar computes the
/// same; both are pinned by the same examples in tests.
/// </summary>
internal static class PodHash
{
    public static uint Of(string uid) => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(uid)));
}
