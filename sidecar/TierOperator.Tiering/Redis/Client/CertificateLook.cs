using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>The verdict on a server's certificate, which is the platform's, and the words for it.</summary>
internal sealed class CertificateLook
{
    /// <summary>What is wrong with it, the first that is to be mended; null for nothing, or before it was shown.</summary>
    public string? Distrust { get; private set; }

    public bool Trusts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Distrust = errors == SslPolicyErrors.None ? null : WordsFor(errors, chain);
        return Distrust is null;
    }

    private static string WordsFor(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "it shows none";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return "it is for another host: write a host in the url that the certificate names";
        return chain?.ChainStatus.Any(static status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true
            ? "it has expired, or is not valid yet: renew it, and look at the clocks"
            : "it is of an authority that is not known here: give that authority as ca.crt in the Secret";
    }
}
