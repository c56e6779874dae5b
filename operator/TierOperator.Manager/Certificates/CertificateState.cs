using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace TierOperator.Manager.Certificates;

/// <summary>A certificate and its key, as PEM.</summary>
internal sealed record KeyPair(string Certificate, string Key);

/// <summary>
/// The webhook's certificates, as they stand in one Secret. Everybody who calls the webhook trusts all authorities in
/// the bundle; the leaf is signed by the current one.
/// </summary>
/// <param name="Next">An authority that callers learn to trust before it signs anything; null outside a rotation.</param>
/// <param name="Previous">The certificate of the authority before, trusted until its last leaf is gone; null outside a rotation.</param>
/// <param name="Since">When the present step of a rotation began.</param>
internal sealed record CertificateState(KeyPair Current, KeyPair? Next, string? Previous, KeyPair Leaf, DateTimeOffset Since)
{
    private const string SinceEntry = "since";

    /// <summary>What callers trust: PEM, one authority after the other.</summary>
    public string Bundle => string.Join("\n", new[] { Current.Certificate, Next?.Certificate, Previous }.OfType<string>());

    public static CertificateState? Read(JsonObject secret)
    {
        var data = secret["data"] as JsonObject ?? [];
        if (Pair(data, "ca") is not { } current || Pair(data, "tls") is not { } leaf) return null;
        _ = DateTimeOffset.TryParse(Text(data, SinceEntry), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since);
        return new CertificateState(current, Pair(data, "next"), Text(data, "previous.crt"), leaf, since);
    }

    public JsonObject Write()
    {
        var data = new JsonObject();
        Put(data, "ca", Current);
        Put(data, "tls", Leaf);
        if (Next is not null) Put(data, "next", Next);
        if (Previous is not null) Put(data, "previous.crt", Previous);
        Put(data, SinceEntry, Since.ToString("O", CultureInfo.InvariantCulture));
        return data;
    }

    public static DateTimeOffset EndOf(string certificatePem)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem);
        return certificate.NotAfter.ToUniversalTime();
    }

    private static void Put(JsonObject data, string name, KeyPair pair)
    {
        Put(data, $"{name}.crt", pair.Certificate);
        Put(data, $"{name}.key", pair.Key);
    }

    private static void Put(JsonObject data, string name, string text) => data[name] = Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static KeyPair? Pair(JsonObject data, string name) =>
        Text(data, $"{name}.crt") is { } certificate && Text(data, $"{name}.key") is { } key ? new KeyPair(certificate, key) : null;

    private static string? Text(JsonObject data, string name) =>
        data[name] is { } value ? Encoding.ASCII.GetString(Convert.FromBase64String(value.GetValue<string>())) : null;
}
