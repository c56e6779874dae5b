namespace TierOperator.Manager.Certificates;

/// <summary>
/// Renews authority and leaf so that no caller ever meets a certificate that it does not trust. Pure but for fresh keys.
/// </summary>
internal static class CertificateRotation
{
    public static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(2 * 365);
    public static readonly TimeSpan LeafLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan s_renewAuthority = TimeSpan.FromDays(180);
    private static readonly TimeSpan s_renewLeaf = TimeSpan.FromDays(30);

    /// <summary>How long a new bundle, or a new leaf, has to reach every API server and replica before the next step.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The next step, or the same state where nothing is due. 1. Nothing yet: authority and leaf. 2. The authority ages: a
    /// new one goes into the bundle. 3. After the overlap it signs the leaf. 4. After the overlap the old one leaves the
    /// bundle. 5. The leaf ages: a new one of the same authority.
    /// </summary>
    public static CertificateState Next(CertificateState? now, IReadOnlyList<string> hosts, DateTimeOffset at)
    {
        if (now is null)
        {
            var first = NewAuthority(at);
            return new CertificateState(first, null, null, Leaf(first, hosts, at), at);
        }

        var hasSettled = at - now.Since >= Overlap;
        if (now.Next is { } next) return hasSettled ? new CertificateState(next, null, now.Current.Certificate, Leaf(next, hosts, at), at) : now;
        if (now.Previous is not null) return hasSettled ? now with { Previous = null, Since = at } : now;
        if (CertificateState.EndOf(now.Current.Certificate) - at < s_renewAuthority) return now with { Next = NewAuthority(at), Since = at };
        return CertificateState.EndOf(now.Leaf.Certificate) - at < s_renewLeaf ? now with { Leaf = Leaf(now.Current, hosts, at) } : now;
    }

    private static KeyPair NewAuthority(DateTimeOffset at)
    {
        using var authority = Authority.Create("tier-operator webhooks", at, AuthorityLife);
        return new KeyPair(authority.CertificatePem, authority.ExportKeyPem());
    }

    private static KeyPair Leaf(KeyPair authority, IReadOnlyList<string> hosts, DateTimeOffset at)
    {
        using var signer = Authority.Load(authority.Certificate, authority.Key);
        var (certificate, key) = signer.Issue(hosts, at, LeafLife);
        return new KeyPair(certificate, key);
    }
}
