using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Certificates;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Policies;

namespace TierOperator.Manager.Reconciling;

/// <summary>
/// The Secrets of managed backends: a password, and a certificate where connections are encrypted. Made once and only
/// read from then on: another password would lock everybody out, data included.
/// </summary>
internal sealed class GeneratedSecrets(KubeClient client, TimeProvider time)
{
    private const int PasswordBytes = 24;
    private static readonly TimeSpan s_certificateLife = TimeSpan.FromDays(5 * 365);

    /// <summary>The Secret's entries, made where there was none.</summary>
    /// <param name="hosts">The names that the certificate is for; empty for none.</param>
    public async Task<IReadOnlyDictionary<string, byte[]>> EnsureAsync(PolicyObject policy, string name, string component, IReadOnlyList<string> hosts, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(policy.Namespace, name);
        for (var attempt = 1; ; attempt++)
        {
            if (await client.GetAsync(ResourceTypes.Secrets, key, cancellationToken) is { } live) return Entries(live);
            try
            {
                return Entries(await client.CreateAsync(ResourceTypes.Secrets, Create(policy, name, component, hosts), cancellationToken));
            }
            catch (KubeApiException error) when (error.IsConflict && attempt < 3)
            {
                // Another replica of the operator made it a moment ago: that one counts.
            }
        }
    }

    /// <summary>The decoded entries of a Secret.</summary>
    public static IReadOnlyDictionary<string, byte[]> Entries(JsonObject secret)
    {
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, value) in secret["data"] as JsonObject ?? []) entries[name] = Convert.FromBase64String(value!.GetValue<string>());
        return entries;
    }

    // Without an owner: it is as dear as the data that it opens, and what becomes of both is the deletionPolicy.
    private JsonObject Create(PolicyObject policy, string name, string component, IReadOnlyList<string> hosts)
    {
        var entries = new Dictionary<string, byte[]> { ["password"] = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes))) };
        if (hosts.Count > 0)
        {
            using var authority = Authority.Create($"tier {policy.Namespace}/{policy.Name} {component}", time.GetUtcNow(), s_certificateLife);
            var (certificate, privateKey) = authority.Issue(hosts, time.GetUtcNow(), s_certificateLife);
            entries["ca.crt"] = Encoding.ASCII.GetBytes(authority.CertificatePem);
            entries["tls.crt"] = Encoding.ASCII.GetBytes(certificate);
            entries["tls.key"] = Encoding.ASCII.GetBytes(privateKey);
        }

        var secret = OwnedObject.Of(policy, "v1", "Secret", name, component, isKept: true);
        secret["type"] = "Opaque";
        secret["data"] = new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)Convert.ToBase64String(entry.Value))));
        return secret;
    }
}
