using System.Security.Cryptography;

namespace TierOperator.Tiering.Redis;

/// <summary>The script <c>apply.lua</c> and the name that servers know it by.</summary>
internal static class ApplyScript
{
    public static readonly byte[] Source = Read();

#pragma warning disable CA5350 // Redis names scripts by their SHA-1; nothing is protected by it
    public static readonly byte[] Sha = System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Source)));
#pragma warning restore CA5350

    private static byte[] Read()
    {
        using var stream = typeof(ApplyScript).Assembly.GetManifestResourceStream("TierOperator.Tiering.Redis.apply.lua")!;
        var source = new byte[stream.Length];
        stream.ReadExactly(source);
        return source;
    }
}
