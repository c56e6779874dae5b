using System.Security.Cryptography;
using System.Text;

namespace TierOperator.Manager.Names;

/// <summary>
/// Deterministic names of what belongs to a policy. A policy's name may have 253 characters and dots; a Service has
/// room for 63 and takes no dots, a StatefulSet's pods carry its name in a label. What does not fit is cut and gets a
/// digest of the whole name, so that two policies never share an object.
/// </summary>
internal static class ObjectNames
{
    private const int LongestStem = 40;
    private const int LongestLabel = 63;
    private const int DigestLength = 8;

    /// <summary>The ConfigMap and the Secret that pods mount.</summary>
    public static string Mounted(string policy) => $"{Stem(policy)}-tier";

    /// <summary>A part of a backend: <c>redis</c>, <c>redis-sentinel</c>, <c>postgres</c>. No part may be the tail of another's.</summary>
    public static string Backend(string policy, string part) => $"{Stem(policy)}-{part}";

    /// <summary>The policy's name as the value of a label.</summary>
    public static string LabelValue(string policy) =>
        policy.Length <= LongestLabel ? policy : $"{policy[..(LongestLabel - DigestLength - 1)].TrimEnd('.', '-')}-{Digest(policy)}";

    private static string Stem(string policy)
    {
        var plain = policy.Replace('.', '-');
        if (char.IsAsciiDigit(plain[0])) plain = "p" + plain;
        if (plain == policy && plain.Length <= LongestStem) return plain;
        var cut = plain[..Math.Min(plain.Length, LongestStem - DigestLength - 1)].TrimEnd('-');
        return $"{cut}-{Digest(policy)}";
    }

    /// <summary>What tells two texts apart, in a form that every name takes.</summary>
    public static string Digest(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..DigestLength];
}
