using System.Security.Cryptography;
using System.Text;

namespace TierOperator.Tiering.Postgres;

/// <summary>The channel of one policy: its name has 63 bytes at most, a namespace and policy may have more, so it is their hash.</summary>
internal static class AnnouncementChannel
{
    private const int HashBytes = 16;

    public static string Of(string space, string policy, string schema)
        => $"{schema[..Math.Min(schema.Length, 20)]}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{schema}\0{space}\0{policy}")).AsSpan(0, HashBytes))}";
}
